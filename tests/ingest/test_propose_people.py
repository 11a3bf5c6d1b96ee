"""Columns that name people: patients' numbers, names of patients and staff, in any language, by header and by shape."""

from __future__ import annotations

import pytest

from tests.ingest.test_propose import BASE, DEAD, N, codes, proposed, roles, table

SYLLABLES = ("Ber", "Lin", "Hal", "Mar", "Du", "Gon")
ENDS = ("berg", "nen", "ez", "ova", "ard")
SURNAMES = [a + b for a in SYLLABLES for b in ENDS]
AGES = {"age": [40 + i for i in range(N)]}


def source(proposal):
    return next(iter(proposal.codebook.sources.values()))


@pytest.mark.parametrize(
    "header",
    ["Nom", "Sukunimi", "Cognome", "Nazwisko", "Achternaam", "Soyadı", "Фамилия", "氏名", "Médecin", "Lääkäri", "Overlæge", "Consultant",
     "Médecin traitant", "Behandelnder Arzt", "Lekarz prowadzący", "Kirurg", "主治医师"],
)  # fmt: skip
@pytest.mark.parametrize("names", [6, N])
def test_names_of_people_are_no_predictors_in_any_language(tmp_path, header, names):
    found = proposed(table(tmp_path, {**BASE, header: [SURNAMES[i % names] for i in range(N)], "dead": DEAD}))
    assert header in source(found).identifiers and header not in found.codebook.variables
    assert "TB171" in codes(found)


def test_full_names_are_known_by_their_shape(tmp_path):
    names = [f"{SURNAMES[i]} {SURNAMES[-i - 1]}" for i in range(N)]
    found = proposed(table(tmp_path, {**BASE, "Zentin": names, "dead": DEAD}))
    assert source(found).identifiers == ("Zentin",)


@pytest.mark.parametrize("header", ["Consultant", "Kirurg"])
def test_a_staff_column_of_yes_and_no_is_a_predictor(tmp_path, header):
    found = proposed(table(tmp_path, {**BASE, header: ["yes", "no"] * (N // 2), "dead": DEAD}))
    assert found.codebook.variables[header].kind == "boolean"


def test_a_column_called_patient_with_names_gives_way_to_the_number(tmp_path):
    columns = {"pid": BASE["patient_id"], "Patient": [SURNAMES[i % 8] for i in range(N)], **AGES, "dead": DEAD}
    found = proposed(table(tmp_path, columns))
    assert roles(found)["pid"] == "patient_id" and source(found).identifiers == ("Patient",)
    assert found.questions == ()


@pytest.mark.parametrize(
    "header",
    ["N° dossier", "Aktenzeichen", "CIP", "IPP", "NIP", "Codice fiscale", "Codice paziente", "Journalnummer", "Sykehusnr", "Numer historii",
     "住院号", "Patiëntnummer", "Hasta no"],
)  # fmt: skip
def test_a_record_number_with_leading_zeros_is_the_patients_id(tmp_path, header):
    found = proposed(table(tmp_path, {header: [f"{i * 7 + 3:06d}" for i in range(N)], **AGES, "dead": DEAD}))
    assert roles(found)[header] == "patient_id"


@pytest.mark.parametrize("header", ["Hospital No", "Record no", "Study number", "Journalnr", "Ward ledger no"])
def test_a_number_by_its_header_is_never_a_predictor(tmp_path, header):
    found = proposed(table(tmp_path, {header: [10007 + 13 * i for i in range(N)], **AGES, "dead": DEAD}))
    assert roles(found).get(header, "identifier") in ("patient_id", "identifier")


def test_a_second_record_number_is_an_identifier(tmp_path):
    found = proposed(table(tmp_path, {**BASE, "Zentin": [f"{i * 7 + 3:06d}" for i in range(N)], "dead": DEAD}))
    assert source(found).identifiers == ("Zentin",) and "TB171" in codes(found)


def test_counts_of_one_width_are_measurements(tmp_path):
    columns = {
        **BASE,
        "Platelets": [150 + 3 * i for i in range(N)],
        "score_x": [1000 + 7 * i for i in range(N)],
        "Platelet number": [151 + 3 * i for i in range(N)],
        "dead": DEAD,
    }
    found = proposed(table(tmp_path, columns))
    assert {found.codebook.variables[h].kind for h in ("Platelets", "score_x", "Platelet number")} == {"integer"}


def persons(n: int) -> list[str]:
    return [f"19{40 + i}0101-1{i:03d}" for i in range(n)]


@pytest.mark.parametrize("n", [N // 3, N - 1])
def test_a_known_national_number_that_repeats_is_the_patients_id(tmp_path, n):
    repeated = [persons(N)[i % n] for i in range(N)]
    found = proposed(table(tmp_path, {"Personnummer": repeated, **AGES, "dead": DEAD}))
    assert roles(found)["Personnummer"] == "patient_id" and "TB108" not in codes(found)


def test_a_number_of_people_under_a_neutral_header_is_asked_about_where_it_repeats(tmp_path):
    repeated = [f"K-{1000 + i % 12}" for i in range(N)]
    [question] = proposed(table(tmp_path, {"Zentin": repeated, **AGES, "dead": DEAD})).questions
    assert (question.key, question.options, question.safe) == ("data.id", ("Zentin",), "Zentin")


def test_a_row_number_beside_a_national_number_that_repeats_is_a_question(tmp_path):
    repeated = [persons(N)[i % 10] for i in range(N)]
    columns = {"id": list(range(1, N + 1)), "Personnummer": repeated, **AGES, "dead": DEAD}
    [question] = proposed(table(tmp_path, columns)).questions
    assert (question.key, question.options) == ("data.id", ("Personnummer", "id"))


def test_two_numbers_of_which_none_repeats_are_no_question(tmp_path):
    columns = {
        "住院号": [f"00{3000 + i}" for i in range(N)],
        "身份证号": [f"1101011970{10101000 + i}" for i in range(N)],
        **AGES,
        "dead": DEAD,
    }
    found = proposed(table(tmp_path, columns))
    assert roles(found)["住院号"] == "patient_id" and found.questions == ()
    assert source(found).identifiers == ("身份证号",)


def test_a_number_that_is_said_to_name_no_patient_is_not_asked_about(tmp_path):
    repeated = [f"K-{1000 + i % 12}" for i in range(N)]
    found = proposed(table(tmp_path, {"Zentin": repeated, **AGES, "dead": DEAD}), keep=("Zentin",))
    assert found.questions == ()


def test_months_are_no_record_numbers(tmp_path):
    months = [f"20{10 + i % 12}-{i % 12 + 1:02d}" for i in range(N)]
    assert proposed(table(tmp_path, {"Zentin": months, **AGES, "dead": DEAD})).questions == ()


@pytest.mark.parametrize(
    "header",
    [
        "Geboortedatum",
        "Data di nascita",
        "Data de nascimento",
        "Data urodzenia",
        "Doğum tarihi",
        "Дата рождения",
        "生年月日",
        "Datum narození",
    ],
)
def test_a_date_of_birth_is_never_the_date_of_the_visit(tmp_path, header):
    days = [f"19{40 + i}-0{i % 9 + 1}-1{i % 9}" for i in range(N)]
    found = proposed(table(tmp_path, {**BASE, header: days, "dead": DEAD}))
    assert source(found).identifiers == (header,) and "index_date" not in roles(found).values()


def test_two_doctors_are_names_too(tmp_path):
    found = proposed(table(tmp_path, {**BASE, "Médecin": ["Girard", "Roux"] * (N // 2), "dead": DEAD}))
    assert source(found).identifiers == ("Médecin",)


@pytest.mark.parametrize(
    "header", ["Physician global assessment", "Doctor's rating", "Patient type", "Nurse-led clinic"]
)
def test_what_staff_judge_is_a_predictor(tmp_path, header):
    found = proposed(table(tmp_path, {**BASE, header: ["Good", "Fair", "Poor"] * (N // 3), "dead": DEAD}))
    assert found.codebook.variables[header].kind == "category"


@pytest.mark.parametrize(
    "header", ["Treating physician", "Attending doctor", "Ansvarlig lege", "Médico responsable", "Name of surgeon"]
)
def test_staff_are_known_beside_what_they_do(tmp_path, header):
    found = proposed(table(tmp_path, {**BASE, header: ["Berg", "Holm", "Lund"] * (N // 3), "dead": DEAD}))
    assert source(found).identifiers == (header,)


def test_pressures_are_no_record_numbers(tmp_path):
    found = proposed(
        table(tmp_path, {**BASE, "BP": [f"{110 + i}/{60 + i}" if i else "n.d." for i in range(N)], "dead": DEAD})
    )
    assert source(found).identifiers == ()
