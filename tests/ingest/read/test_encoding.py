"""Encodings: told by marks, by zero bytes, or by the letters of a language; doubt is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from tabml.core.config import Data
from tabml.core.errors import InputError
from tabml.ingest.read import read_file
from tabml.ingest.read.encoding import detect_encoding

#: Language -> a small export, and the encodings hospitals write it in.
EXPORTS: dict[str, tuple[str, str]] = {
    "nb": ("Løpenr;Kjønn;Fødselsdato;Høyde\n1;kvinne;Åse;Tromsø\n2;mann;blodtrykk målt;Ålesund\n", "cp1252 mac_roman cp850"),
    "nb, one word": ("Kjønn;alder\nMann;3\nKvinne;4\n", "cp1252"),
    "sv": ("Löpnr;Kön;Ålder;Vårdtid\n1;man;63;Örebro\n2;kvinna;71;Malmö\n", "cp1252 mac_roman cp850"),
    "da": ("Løbenr;Køn;Højde\n1;mand;Sønderjylland\n2;kvinde;Ålborg\n3;mand;Næstved\n", "cp1252 cp850"),
    "fi": ("Potilasnumero;Sukupuoli;Ikä;Pituus\n1;mies;63;Jyväskylä\n2;nainen;71;Hämeenlinna\n", "cp1252"),
    "de": ("Fallnr;Geschlecht;Größe;Gefäße\n1;männlich;1,7;Müller\n2;weiblich;1,6;Köln\n", "cp1252 cp850 mac_roman"),
    "fr": ("Numéro;Sexe;Âge;Décès\n1;femme;63;élevée\n2;homme;71;à jeun, très élevé\n", "cp1252 mac_roman cp850"),
    "es": ("Número;Sexo;Edad;Presión arterial\n1;mujer;63;sí;año\n2;varón;71;corazón\n", "cp1252 cp850"),
    "pl": ("Płeć;Wiek;Ciśnienie krwi\n1;kobieta;63;Łódź\n2;mężczyzna;71;podwyższony;Poznań\n", "cp1250 iso8859-2"),
    "cs": ("Číslo;Pohlaví;Věk;Výška\n1;žena;63;Brno\n2;muž;71;zvýšený;Ústí nad Labem;Plzeň\n", "cp1250 iso8859-2"),
    "hu": ("Sorszám;Nem;Életkor;Vérnyomás\n1;nő;63;Győr\n2;férfi;71;később;szűrés\n", "cp1250 iso8859-2"),
    "hr": ("Broj;Spol;Dob;Krvni tlak\n1;žena;63;Šibenik\n2;muškarac;71;Čakovec\n", "cp1250 iso8859-2"),
    "tr": ("Sıra;Cinsiyet;Yaş;Kan basıncı\n1;kadın;63;İzmir\n2;erkek;71;Muğla\n", "cp1254"),
    "ru": ("Номер;Пол;Возраст\n1;женский;63;Москва\n2;мужской;71;Казань\n", "cp1251 koi8-r cp866"),
    "el": ("Αριθμός;Φύλο;Ηλικία\n1;γυναίκα;63;ναι\n2;άνδρας;71;όχι\n", "cp1253"),
    "zh": ("编号,性别,年龄,收缩压,诊断\n1,男,63,140,冠心病\n2,女,71,120,高血压\n", "gb18030"),
    "zh, two words": ("性别,年龄\n1,2\n", "gb18030"),
    "zh-tw": ("編號,性別,年齡,收縮壓,診斷\n1,男,63,140,冠狀動脈疾病\n2,女,71,120,高血壓\n", "big5"),
    "ja": ("番号,性別,年齢,収縮期血圧,診断\n1,男性,63,140,高血圧症\n2,女性,71,120,狭心症の疑い\n", "cp932 euc_jp"),
    "ko": ("번호,성별,나이,수축기혈압,진단\n1,남자,63,140,고혈압\n2,여자,71,120,당뇨병\n", "cp949"),
    "units": ("id;Creatinine (µmol/l);Temp (°C);BSA (m²)\n1;80;37;1.8\n", "cp1252"),
}  # fmt: skip
CASES = [(language, encoding) for language, (_, names) in EXPORTS.items() for encoding in names.split()]


@pytest.mark.parametrize(("language", "encoding"), CASES)
def test_letters_tell_the_encoding(language: str, encoding: str) -> None:
    text = EXPORTS[language][0]
    found, _ = detect_encoding(text.encode(encoding))
    assert text.encode(encoding).decode(found) == text


@pytest.mark.parametrize("language", ["nb", "sv", "da", "fi", "de", "fr", "es", "pl", "ru", "zh", "ja", "ko"])
def test_a_few_words_are_enough_to_be_sure(language: str) -> None:
    text, names = EXPORTS[language]
    assert detect_encoding(text.encode(names.split()[0]))[1] > 0.9


def test_one_letter_is_not_enough_to_be_sure() -> None:
    assert detect_encoding("Kjønn;alder\n1;2\n".encode("cp1252"))[1] < 0.9


def test_a_word_is_evidence_once_however_many_rows_hold_it() -> None:
    once, often = ("id;ort\n" + "1;Sønder\n" * n for n in (5, 5000))
    first, second = (detect_encoding(text.encode("cp1252")) for text in (once, often))
    assert first[0] == second[0] == "cp1252"
    assert second[1] - first[1] < 0.05


def test_euro_sign_of_a_latin_9_export() -> None:
    text = "id;Größe;Kosten €\n1;Müller;3 €\n"
    content = text.encode("iso8859-15")
    assert content.decode(detect_encoding(content)[0]) == text


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "utf-16", "utf-32"])
@pytest.mark.parametrize("language", ["nb", "zh", "ru"])
def test_wide_encodings_with_and_without_their_mark(encoding: str, language: str) -> None:
    text = EXPORTS[language][0] * 3
    content = text.encode(encoding)
    assert content.decode(detect_encoding(content)[0]) == text


def test_chinese_export_is_read_with_its_letters(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes(EXPORTS["zh"][0].encode("gb18030"))
    (sheet,) = read_file(path, Data())
    assert (sheet.encoding, sheet.rows(1, 1)) == ("gb18030", (("编号", "性别", "年龄", "收缩压", "诊断"),))


def test_two_encodings_in_one_file_are_refused_with_the_line() -> None:
    lines = ["id;ort\n", *("1;Tromsø og Bodø\n" for _ in range(9))]
    content = "".join(lines).encode() + "2;Ålesund\n".encode("cp1252")
    with pytest.raises(InputError, match="UTF-8 but for a few places") as caught:
        detect_encoding(content, "export.csv")
    assert caught.value.where == "export.csv, line 11"


def test_bytes_that_are_no_text() -> None:
    with pytest.raises(InputError, match="neither text nor a workbook"):
        detect_encoding(bytes(range(256)) * 20)
