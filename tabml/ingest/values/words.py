"""Words of exports: folding for comparison, and what hospitals write where nothing was measured."""

from __future__ import annotations

import unicodedata
from collections.abc import Container, Mapping

#: What means "missing" by language. Words that can be an answer (none, nei, ingen) are not among them.
MISSING_BY_LANGUAGE: Mapping[str, tuple[str, ...]] = {
    "any": ("", "?", "??", "???", "-", "--", "---", "–", "—", ".", "..", "/", "*", "x.x", "#n/a", "n/a", "na", "n.a.", "n.a", "nan",
            "<na>", "null", "nil", "(null)", "(blank)"),
    "en": ("missing", "unknown", "unk", "not available", "not applicable", "not done", "not measured", "not recorded", "not known",
           "no data", "nd", "n.d.", "n/d", "pending"),
    "nb": ("ukjent", "mangler", "ikke utført", "ikke målt", "ikke oppgitt", "ikke registrert", "ikke kjent", "ikke tatt", "ikke gjort",
           "vet ikke", "ikke aktuelt", "ikke tilgjengelig"),
    "sv": ("okänt", "okänd", "saknas", "ej utfört", "ej utförd", "ej mätt", "ej angivet", "ej känt", "uppgift saknas", "ej tillämpligt"),
    "da": ("ukendt", "ikke udført", "ikke oplyst", "ikke målt", "uoplyst", "ikke relevant", "ved ikke"),
    "fi": ("tuntematon", "ei tiedossa", "ei tietoa", "puuttuu", "ei tehty", "ei mitattu", "ei saatavilla"),
    "de": ("unbekannt", "k.a.", "k. a.", "k.a", "ka", "keine angabe", "keine angaben", "fehlt", "fehlend", "n.b.", "n. b.",
           "nicht bekannt", "nicht durchgeführt", "nicht gemessen", "nicht erhoben", "nicht verfügbar", "entfällt"),
    "es": ("desconocido", "desconocida", "no disponible", "sin dato", "sin datos", "no consta", "no realizado", "no medido", "s/d",
           "faltante", "no aplica"),
    "fr": ("inconnu", "inconnue", "manquant", "manquante", "non renseigné", "non fait", "non disponible", "non mesuré", "nsp", "ne sait pas"),
    "it": ("sconosciuto", "sconosciuta", "mancante", "non noto", "non nota", "non disponibile", "non eseguito", "non misurato"),
    "nl": ("onbekend", "ontbreekt", "niet bekend", "niet bepaald", "niet gemeten"),
    "pt": ("desconhecido", "desconhecida", "não disponível", "não informado", "não realizado", "ignorado", "sem dados"),
    "pl": ("nieznany", "nieznana", "nieznane", "brak danych", "nie wykonano", "b/d", "bd"),
    "tr": ("bilinmiyor", "ölçülmedi"),
    "ru": ("неизвестно", "нет данных", "не измерено", "не проводилось"),
    "cs": ("neznámo", "neznámé", "neuvedeno", "chybí"),
    "zh": ("不详", "未知", "未查", "未测", "缺失"),
    "ja": ("不明", "未測定", "未検査"),
    "ko": ("모름", "미상", "미측정"),
}  # fmt: skip


def fold(text: str) -> str:
    """The form in which words of exports are compared: NFC, spaces evened, case folded.

    >>> fold("  Nicht\u00a0bekannt ")
    'nicht bekannt'
    """
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return " ".join(text.split()).casefold()


MISSING_WORDS: frozenset[str] = frozenset(fold(w) for words in MISSING_BY_LANGUAGE.values() for w in words)


def is_missing(text: str, also: Container[str] = ()) -> bool:
    """Whether a cell says that nothing is known; `also` holds further words, already folded.

    >>> is_missing(" k.A. "), is_missing("0"), is_missing("-9", also={"-9"})
    (True, False, True)
    """
    folded = fold(text)
    return folded in MISSING_WORDS or folded in also
