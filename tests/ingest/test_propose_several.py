"""Several hospitals without a codebook: matched, joined, converted, recoded, and asked about where it is doubtful."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.propose import compare
from tabml.core.codebook import ColumnMapping
from tabml.core.config import Data
from tabml.core.errors import ConfigError, QuestionError
from tabml.ingest.codebook_file import dump_codebook, parse_codebook
from tabml.ingest.harmonise import harmonise
from tabml.ingest.propose import Proposal, propose
from tests.ingest.exports import DATA, HEART4, KEY, heart4_codebook, sheets
from tests.ingest.test_propose import table
from tests.ingest.workbooks import sheet_xml, write_xlsx

N = 60


@pytest.fixture(scope="module")
def heart4() -> Proposal:
    return propose(sheets(HEART4 / "exports"), Data())


def proposed(*paths, **settings) -> Proposal:
    return propose(sheets(*paths), Data(**settings))


def mapping(found: Proposal, variable: str, source: str) -> ColumnMapping:
    return found.codebook.variables[variable].from_[source]


def codes(found: Proposal) -> list[str]:
    return [f.code for f in found.findings]


def accepted(m: ColumnMapping) -> bool:
    return (m.score or 0) >= DATA.accept_score


def bergen(**more) -> dict[str, list]:
    rng = np.random.default_rng(1)
    age = rng.integers(40, 85, N)
    columns = {"Pasientnr": [f"B{i:03d}" for i in range(N)], "Alder": age.tolist(),
               "Kjønn": rng.choice(["mann", "kvinne"], N).tolist(),
               "Kreatinin (µmol/l)": np.round(rng.lognormal(4.4, 0.25, N)).astype(int).tolist(),
               "Diabetes": rng.choice(["ja", "nei"], N).tolist(), "Død": rng.choice(["ja", "nei"], N).tolist()}  # fmt: skip
    return {**columns, **more}


def mainz(**more) -> dict[str, list]:
    rng = np.random.default_rng(2)
    columns = {"Fallnummer": [f"M{i:03d}" for i in range(N)], "Geschlecht": rng.choice(["m", "w"], N).tolist(),
               "Alter": rng.integers(40, 85, N).tolist(), "Zuckerkrankheit": rng.choice(["ja", "nein"], N).tolist(),
               "Kreatinin [mg/dl]": [f"{v:.2f}".replace(".", ",") for v in rng.lognormal(-0.1, 0.25, N)],
               "verstorben": rng.choice(["ja", "nein"], N).tolist()}  # fmt: skip
    return {**columns, **more}


def pair(folder, first: dict[str, list] | None = None, second: dict[str, list] | None = None):
    return (table(folder, first or bergen(), name="bergen.csv", sep=";"),
            table(folder, second or mainz(), name="mainz.csv", sep=";"))  # fmt: skip


# -- four hospitals ---------------------------------------------------------------------------------------------------


def test_heart4_is_matched_without_a_codebook(heart4):
    found = compare(heart4.codebook, heart4_codebook())
    assert found.right >= 0.95 * found.total and found.accepted_wrong == []
    assert found.units_right == found.units


def test_heart4_asks_nothing_about_the_outcome(heart4):
    assert [q.key for q in heart4.questions if q.key != "data.missing"] == []
    [outcome] = [v for v in heart4.codebook.variables.values() if v.role == "outcome"]
    assert outcome.kind == "boolean"
    assert {m.expr is not None for m in outcome.from_.values()} == {True, False}  # yes/no beside grades
    assert [v.role for v in heart4.codebook.variables.values()].count("sibling") == 1


def test_a_proposal_of_several_hospitals_is_a_codebook_file(heart4):
    assert parse_codebook(dump_codebook(heart4.codebook)) == heart4.codebook


def test_two_sheets_of_one_hospital_are_joined_by_their_numbers(heart4):
    sources = heart4.codebook.sources
    join = sources["oslo_sykehus Undersøkelser"].join
    assert join is not None and (join.to, join.on, join.expect) == ("oslo_sykehus", "Løpenummer", "one_to_one")
    assert sources["oslo_sykehus"].id.column == "Løpenr"


def test_code_lists_are_read(heart4):
    assert dict(mapping(heart4, "sex", "zuerich_basel").recode) == {"1": "1", "2": "0"}  # sheet Codes: 1 Mann, 2 Frau
    assert "0,00" in mapping(heart4, "chol", "oslo_sykehus Undersøkelser").missing  # Kodebok: ikke målt
    assert "-9" in heart4.codebook.sources["zuerich_basel"].missing


# -- two hospitals ----------------------------------------------------------------------------------------------------


def test_two_languages_become_one_set_of_variables(tmp_path):
    files = pair(tmp_path)
    found = proposed(*files)
    assert found.questions == ()
    shared = {n for n, v in found.codebook.variables.items() if {"bergen", "mainz"} <= set(v.from_)}
    assert {"age", "sex", "creatinine", "diabetes", "death", "patient_id", "centre"} <= shared
    assert all(accepted(m) for v in found.codebook.variables.values() for m in v.from_.values())
    got = harmonise(sheets(*files), found.codebook, KEY, data=DATA)
    assert got.n_patients == 2 * N and got.frame["sex"].isna().sum() == 0
    medians = got.frame.groupby(got.rows["source"])["creatinine"].median()
    assert medians.max() < 1.5 * medians.min()  # mg/dl became umol/L
    assert "evidence" in dump_codebook(found.codebook)


def test_a_setting_may_name_a_column_of_one_hospital(tmp_path):
    found = proposed(*pair(tmp_path), target="Zuckerkrankheit")
    assert found.codebook.variables["diabetes"].role == "outcome"
    assert found.named == {"data.target": "diabetes"}
    assert found.codebook.variables["death"].role == "sibling"
    with pytest.raises(ConfigError, match="there is no column 'Zuckerkrankeit'"):
        proposed(*pair(tmp_path), target="Zuckerkrankeit")


def test_an_outcome_nobody_recognises_is_asked_with_the_columns_it_could_be(tmp_path):
    first, second = bergen(), mainz()
    del first["Død"], second["verstorben"]
    [question] = proposed(*pair(tmp_path, first, second)).questions
    assert question.key == "data.target" and "--target diabetes" in question.commands


def test_a_hospital_without_an_outcome_gets_a_guess_to_be_asked(tmp_path):
    second = mainz()
    second["Ereignis"] = second.pop("verstorben")
    found = proposed(*pair(tmp_path, None, second), target="Død")
    guess = found.codebook.variables["death"].from_.get("mainz")
    assert guess is not None and guess.column == "Ereignis" and not accepted(guess)


def test_a_unit_that_no_header_states_is_found_and_asked(tmp_path):
    first, second = bergen(), mainz()
    first["Kreatinin"] = first.pop("Kreatinin (µmol/l)")
    second["Kreatinin"] = second.pop("Kreatinin [mg/dl]")
    found = proposed(*pair(tmp_path, first, second))
    assert {mapping(found, "creatinine", s).unit for s in ("bergen", "mainz")} == {"umol/L", "mg/dL"}
    assert "TB117" in codes(found)
    assert sum(accepted(mapping(found, "creatinine", s)) for s in ("bergen", "mainz")) == 1


def test_a_unit_in_the_header_that_its_values_contradict_is_asked(tmp_path):
    second = mainz()
    second["Kreatinin [µmol/l]"] = second.pop("Kreatinin [mg/dl]")
    found = proposed(*pair(tmp_path, None, second))
    wrong = mapping(found, "creatinine", "mainz")
    assert "TB117" in codes(found) and not accepted(wrong)


def test_codes_that_nobody_explains_are_asked(tmp_path):
    second = mainz()
    second["Geschlecht"] = [1 if s == "m" else 2 for s in second["Geschlecht"]]
    found = proposed(*pair(tmp_path, None, second))
    assert "TB119" in codes(found)
    assert not accepted(mapping(found, "sex", "mainz")) and accepted(mapping(found, "sex", "bergen"))


def test_an_age_is_worked_out_from_birth_date_and_visit(tmp_path):
    second = mainz()
    del second["Alter"]
    second["Geburtsdatum"] = [f"{1 + i % 28:02d}.06.{1940 + i % 30}" for i in range(N)]
    second["Untersuchungsdatum"] = ["20.11.2019"] * N
    found = proposed(*pair(tmp_path, None, second))
    age = mapping(found, "age", "mainz")
    assert age.expr == 'completed_years(col("Geburtsdatum"), col("Untersuchungsdatum"))' and accepted(age)
    assert "Geburtsdatum" in found.codebook.sources["mainz"].identifiers


def test_a_number_outside_the_plausible_range_may_mean_missing(tmp_path):
    first = bergen()
    first["Alder"] = [999 if i < 4 else a for i, a in enumerate(first["Alder"])]
    files = pair(tmp_path, first)
    [question] = proposed(*files).questions
    assert question.commands == ('--missing "Alder=999"', '--not-missing "Alder=999"') and question.safe == "missing"
    told = proposed(*files, missing=("Alder=999",))
    assert told.questions == () and "TB113" in codes(told)
    got = harmonise(sheets(*files), told.codebook, KEY, data=DATA)
    assert got.frame["age"].isna().sum() == 4 and got.frame["age"].max() < 90


# -- tables of one hospital -------------------------------------------------------------------------------------------


def two_files(folder, ids, *, sex=None):
    rng = np.random.default_rng(5)
    patients = {"Patient ID": ids, "Age": rng.integers(40, 80, N).tolist(), "Sex": ["M", "F"] * (N // 2),
                "Death": ["yes", "no", "no"] * (N // 3)}  # fmt: skip
    labs = {"Patient": [str(i) for i in reversed(ids)], "Hb (g/dL)": np.round(rng.normal(13, 1, N), 1).tolist(),
            "CRP": rng.integers(1, 90, N).tolist(), "Albumin": rng.integers(30, 48, N).tolist(), "TSH": np.round(rng.lognormal(0, 0.3, N), 2).tolist()}  # fmt: skip
    if sex is not None:
        labs["Gender"] = sex
    return table(folder, patients, name="ward_patients.csv"), table(folder, labs, name="lab.csv")


def test_two_files_of_one_hospital_are_joined_by_telling_ids(tmp_path):
    files = two_files(tmp_path, [f"W-{10_000 + 37 * i}" for i in range(N)])
    found = proposed(*files)
    assert found.codebook.sources["lab"].join is not None
    got = harmonise(sheets(*files), found.codebook, KEY, data=DATA)
    assert got.n_patients == N and got.frame["crp"].notna().all()


@pytest.mark.parametrize("header", ["Hospital No", "Record no", "Journalnr", "Study no"])
def test_two_sheets_are_joined_by_a_plain_number_of_the_record(tmp_path, header):
    numbers = [20000 + 37 * i for i in range(60)]
    ward = [
        [header, "Age", "Sex", "Died"],
        *[[n, 40 + i % 45, "FM"[i % 2], ["no", "yes", "no"][i % 3]] for i, n in enumerate(numbers)],
    ]
    blood = [
        [header, "Creatinine (umol/L)", "Na"],
        *[[n, 60 + i % 50, 130 + i % 15] for i, n in enumerate(reversed(numbers))],
    ]
    book = write_xlsx(tmp_path / "x.xlsx", {"Demographics": sheet_xml(ward), "Bloods": sheet_xml(blood)})
    found = proposed(book)
    assert [s.join is not None for s in found.codebook.sources.values()] == [False, True]
    cohort = harmonise(sheets(book), found.codebook, KEY, data=Data(), yes=True)
    assert cohort.n_patients == 60 and len(cohort.frame) == 60
    ids = [n for n, v in found.codebook.variables.items() if v.role == "patient_id"]
    assert ids and not {n for n in cohort.features() if "no" in n.casefold().split("_")}


def test_two_hospitals_that_number_alike_are_not_joined(tmp_path):
    one, other = bergen(), mainz()
    one["Pasientnr"] = other["Fallnummer"] = list(range(1, N + 1))
    found = proposed(*pair(tmp_path, one, other))
    assert all(s.join is None for s in found.codebook.sources.values())
    assert harmonise(sheets(*pair(tmp_path, one, other)), found.codebook, KEY, data=DATA).n_patients == 2 * N


def test_equal_numbers_join_only_where_what_both_say_agrees(tmp_path):
    ids = list(range(1, N + 1))
    same = two_files(tmp_path, ids, sex=(["F", "M"] * (N // 2)))  # the second file runs backwards
    assert proposed(*same).codebook.sources["lab"].join is not None
    for counted in (ids, [f"P{i:04d}" for i in ids]):  # every hospital has a patient 12, and many a P0012
        with pytest.raises(QuestionError, match="neither ids nor columns in common"):
            proposed(*two_files(tmp_path, counted))


def test_tables_without_anything_in_common_are_asked_about(tmp_path):
    book = write_xlsx(tmp_path / "w.xlsx", {
        "Patients": sheet_xml([["id", "age", "sex", "died"], *[[f"P{i}", 40 + i, "m" if i % 2 else "f", i % 3 == 0] for i in range(30)]]),
        "Beds": sheet_xml([["ward", "capacity", "storey"], *[[f"W{i}", 10 + i, i / 7] for i in range(12)]]),
    })  # fmt: skip
    with pytest.raises(QuestionError, match="neither ids nor columns in common") as caught:
        proposed(book)
    assert "--sheet Patients or --sheet Beds" in caught.value.questions[0]


def test_hospitals_of_languages_beyond_the_list_are_matched_by_their_commonest_names(tmp_path):
    n = 60
    italian = {"Codice paziente": [f"{7 + 3 * i:05d}" for i in range(n)], "Età": [40 + i % 45 for i in range(n)], "Sesso": ["M", "F"] * (n // 2),
               "Fumatore": [("Sì", "No")[i % 3 > 0] for i in range(n)], "Decesso": [("Sì", "No")[i % 4 > 0] for i in range(n)]}  # fmt: skip
    dutch = {"Patiëntnummer": [f"{9 + 3 * i:05d}" for i in range(n)], "Leeftijd": [41 + i % 45 for i in range(n)], "Geslacht": ["V", "M"] * (n // 2),
             "Roker": [("ja", "nee")[i % 3 > 0] for i in range(n)], "Overleden": [("ja", "nee")[i % 5 > 0] for i in range(n)]}  # fmt: skip
    files = [tmp_path / "milano.csv", tmp_path / "leiden.csv"]
    for file, columns in zip(files, (italian, dutch), strict=True):
        pd.DataFrame(columns).to_csv(file, index=False)
    found = propose(sheets(*files), Data())
    assert found.questions == ()
    variables = found.codebook.variables
    assert {"age", "sex", "smoking", "death"} <= set(variables) and variables["death"].role == "outcome"
    assert all(m.score >= 0.9 for name in ("age", "sex", "smoking", "death") for m in variables[name].from_.values())
