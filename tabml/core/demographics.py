"""Words that name age and sex in a header or a label, in the languages tabml reads."""

from __future__ import annotations

import re
import unicodedata

AGE_WORDS = frozenset(
    [
        "age",
        "alter",
        "alder",
        "ålder",
        "edad",
        "años",
        "âge",
        "età",
        "idade",
        "leeftijd",
        "ikä",
        "wiek",
        "vek",
        "věk",
        "kor",
        "életkor",
        "年龄",
        "年齢",
        "yaş",
        "возраст",
        "вік",
        "ηλικία",
        "나이",
        "연령",
    ]
)
SEX_WORDS = frozenset(
    [
        "sex",
        "gender",
        "geschlecht",
        "geschl",
        "kjønn",
        "kjonn",
        "køn",
        "kön",
        "sexo",
        "género",
        "genero",
        "sexe",
        "sesso",
        "genere",
        "geslacht",
        "sukupuoli",
        "płeć",
        "plec",
        "pohlaví",
        "nem",
        "性别",
        "性別",
        "genre",
        "cinsiyet",
        "пол",
        "стать",
        "pohlavie",
        "φύλο",
        "성별",
    ]
)


def words_of(*texts: str) -> tuple[str, ...]:
    """The words of some texts in order, folded: letters only, signs and digits part them.

    >>> words_of("Alter_Jahre", "Age (years)")
    ('alter', 'jahre', 'age', 'years')
    """
    folded = unicodedata.normalize("NFC", " ".join(texts)).casefold()
    return tuple(word for word in re.split(r"[\W_\d]+", folded) if word)
