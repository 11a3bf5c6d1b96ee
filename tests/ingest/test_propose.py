"""Without a codebook: what the files decide is decided, what only the user can decide is asked."""

from __future__ import annotations

import random

import pandas as pd
import pytest

from tabml.core.config import Data
from tabml.core.errors import ConfigError, DataError, InputError
from tabml.ingest.codebook_file import dump_codebook, parse_codebook
from tabml.ingest.harmonise import harmonise
from tabml.ingest.propose import Proposal, propose
from tests.ingest.exports import DATA, KEY, ROOT, csv, sheets
from tests.ingest.workbooks import sheet_xml, write_xlsx

EXAMPLES = ROOT / "examples"


def table(folder, columns: dict[str, list], *, name: str = "t.csv", sep: str = ","):
    lines = [sep.join(columns), *(sep.join(map(str, row)) for row in zip(*columns.values(), strict=True))]
    return csv(folder, name, "\n".join(lines))


def proposed(*paths, **settings) -> Proposal:
    return propose(sheets(*paths), Data(**settings))


def roles(proposal: Proposal) -> dict[str, str]:
    return {n: v.role for n, v in proposal.codebook.variables.items() if v.role != "feature"}


def kinds(proposal: Proposal) -> dict[str, str]:
    return {n: v.kind for n, v in proposal.codebook.variables.items()}


def codes(proposal: Proposal) -> set[str]:
    return {f.code for f in proposal.findings}


N = 30
BASE = {"patient_id": [f"P{i:03d}" for i in range(N)], "age": [40 + i for i in range(N)]}
DEAD = ["yes" if i % 3 == 0 else "no" for i in range(N)]


def cohort_of(proposal: Proposal, *paths):
    return harmonise(sheets(*paths), proposal.codebook, KEY, data=DATA)


# -- whole examples ---------------------------------------------------------------------------------------------------


def test_a_clean_workbook_asks_nothing():
    found = proposed(EXAMPLES / "clean" / "cohort.xlsx")
    assert found.questions == ()
    assert roles(found) == {
        "Patient ID": "patient_id", "Centre": "centre", "Death within 30 days": "outcome",
    }  # fmt: skip
    assert found.codebook.variables["Creatinine (mg/dL)"].unit == "mg/dL"
    got = cohort_of(found, EXAMPLES / "clean" / "cohort.xlsx")
    assert got.n_patients == 320 and len(got.features()) == 10
    assert sorted(got.rows["centre"].unique()) == ["Northfield", "Riverside", "Westbury"]


def test_two_outcomes_are_a_question_with_the_words_to_type():
    [question] = proposed(EXAMPLES / "clean" / "ambiguous.xlsx").questions
    assert (question.key, question.safe) == ("data.target", None)
    assert question.commands == ('--target "Death within 30 days"', '--target "Relapse within 1 year"')


def test_the_outcome_that_was_not_chosen_is_no_predictor():
    found = proposed(EXAMPLES / "clean" / "ambiguous.xlsx", target="Death within 30 days")
    assert found.questions == ()
    assert found.codebook.variables["Relapse within 1 year"].role == "sibling"
    assert codes(found) == {"TB141"}
    kept = proposed(
        EXAMPLES / "clean" / "ambiguous.xlsx", target="Death within 30 days", keep=("Relapse within 1 year",)
    )
    assert kept.codebook.variables["Relapse within 1 year"].role == "feature"


def test_time_and_event_are_a_survival_outcome():
    found = proposed(EXAMPLES / "heart_failure" / "S1Data.csv")
    assert found.questions == ()
    assert roles(found) == {"TIME": "time", "Event": "event"}
    got = cohort_of(found, EXAMPLES / "heart_failure" / "S1Data.csv")
    assert got.n_patients == 299 and "TIME" not in got.features()


def test_follow_up_time_is_no_predictor_of_the_event():
    found = proposed(EXAMPLES / "heart_failure" / "S1Data.csv", target="Event")
    assert roles(found) == {"TIME": "sibling", "Event": "outcome"}
    assert codes(found) == {"TB141"}


def test_classes_by_name_with_a_numbered_first_column():
    found = proposed(EXAMPLES / "hcv" / "hcvdat0.csv")
    assert found.questions == ()
    assert roles(found) == {"#1": "patient_id", "Category": "outcome"}
    assert list(found.codebook.variables["Category"].levels)[:2] == ["0=Blood Donor", "0s=suspect Blood Donor"]
    assert codes(found) == {"TB136"}
    assert cohort_of(found, EXAMPLES / "hcv" / "hcvdat0.csv").n_patients == 615


def test_repeated_rows_are_visits_and_a_form_of_the_same_score_is_set_aside():
    path = EXAMPLES / "parkinsons_updrs" / "parkinsons_updrs.data"
    found = proposed(path, target="total_UPDRS")
    assert roles(found) == {"subject#": "patient_id", "motor_UPDRS": "sibling", "total_UPDRS": "outcome"}
    assert codes(found) == {"TB135"}
    got = cohort_of(found, path)
    assert (len(got.frame), got.n_patients) == (5875, 42)
    [question] = proposed(path).questions
    assert question.commands == ("--target COLUMN",)


# -- kinds ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1.5", "2", "3.25"] * 10, "number"),
        (["1", "2", "30"] * 10, "integer"),
        (["0", "1", "0"] * 10, "boolean"),
        (["1", "2", "1"] * 10, "category"),
        (["ja", "nei", "ukjent"] * 10, "boolean"),
        (["yes", "no", "maybe"] * 10, "category"),
        (["<0.5", "7", "9"] * 10, "number"),
        (["12 mg/l", "13 mg/l", "14 mg/l"] * 10, "integer"),
        (["low", "high", ""] * 10, "category"),
    ],
)
def test_kinds_come_from_all_cells(tmp_path, cells, kind):
    found = proposed(table(tmp_path, {**BASE, "x": cells, "dead": DEAD}))
    assert kinds(found)["x"] == kind


def test_a_date_is_kept_only_where_its_header_says_of_what(tmp_path):
    cells = ["01.02.2020", "25.02.2020", "k.A."] * 10
    found = proposed(table(tmp_path, {**BASE, "Visit date": cells, "X1": cells, "dead": DEAD}))
    assert kinds(found)["Visit date"] == "date"
    assert "X1" not in kinds(found)  # it may be a birth date


@pytest.mark.parametrize(
    "cells",
    [
        [f"11010119680768{1000 + i}" for i in range(30)],
        [f"{10 + i % 19:02d}0455{1000 + i}" for i in range(30)],
        ["Dr. Kari Nordmannsen", "Dr. Ola Quist", "Dr. Kari Nordmannsen"] * 10,
        ['"Quistgaard, Zebulon"', '"Nordmannsen, Kari"', '"Quistgaard, Zebulon"'] * 10,
    ],
    ids=["18 digits", "10 digits", "titled names", "last, first"],
)
def test_what_names_people_is_set_aside_under_a_neutral_header(tmp_path, cells):
    found = proposed(table(tmp_path, {**BASE, "var_17": cells, "dead": DEAD}))
    assert "var_17" not in kinds(found)
    assert [f.code for f in found.findings if "var_17" in f.evidence] == ["TB171"]


def test_units_come_from_header_or_cells(tmp_path):
    columns = {**BASE, "Hb (g/dL)": [10 + i / 10 for i in range(N)], "RR": [f"{90 + i} mmHg" for i in range(N)]}
    found = proposed(table(tmp_path, {**columns, "dead": DEAD}))
    units = {n: v.unit for n, v in found.codebook.variables.items() if v.unit}
    assert units == {"Hb (g/dL)": "g/dL", "RR": "mm[Hg]"}
    assert found.codebook.variables["Hb (g/dL)"].label == "Hb"


def test_decimal_comma_missing_words_and_sentinels_are_found(tmp_path):
    columns = {**BASE, "crp": [f"{i},5" for i in range(N)], "puls": [-9 if i == 4 else 60 + i for i in range(N)],
               "svar": ["ukjent" if i == 2 else "ja" if i % 2 else "nei" for i in range(N)], "dead": DEAD}  # fmt: skip
    path = table(tmp_path, columns, sep=";")
    found = proposed(path)
    [source] = found.codebook.sources.values()
    assert (source.decimal, source.missing) == (",", ("ukjent",))
    assert found.codebook.variables["puls"].from_["t"].missing == ("-9",)
    got = cohort_of(found, path)
    assert got.frame["crp"].iloc[3] == 3.5 and got.frame["puls"].iloc[4] is pd.NA and got.frame["svar"].iloc[2] is pd.NA


@pytest.mark.parametrize(("cells", "male"), [(["H", "F"], "h"), (["H", "M"], "h")])
def test_h_is_a_man_in_french_and_spanish(tmp_path, cells, male):
    path = table(tmp_path, {**BASE, "sex": cells * (N // 2), "dead": DEAD})
    recode = proposed(path).codebook.variables["sex"].from_["t"].recode
    other = cells[1].casefold()
    assert recode == {male: "male", other: "female"}


def test_words_for_the_sexes_are_two_levels(tmp_path):
    found = proposed(table(tmp_path, {**BASE, "Kjønn": ["Mann", "m", "Kvinne"] * 10, "dead": DEAD}))
    assert found.codebook.variables["Kjønn"].levels == {"female": "female", "male": "male"}


def test_a_code_list_beside_the_table_gives_labels_meanings_and_missing_codes(tmp_path):
    rows = [[f"P{i}", 40 + i, i % 3, 1 + i % 2, -8 if i == 3 else 60 + i] for i in range(N)]
    told = [["smk", None, "Smoking"], ["smk", 0, "never"], ["smk", 1, "former"], ["smk", 2, "current"],
            ["outcome", 1, "alive"], ["outcome", 2, "dead"], ["all", -8, "not measured"]]  # fmt: skip
    book = write_xlsx(tmp_path / "w.xlsx", {
        "Data": sheet_xml([["patient_id", "age", "smk", "outcome", "pulse"], *rows]),
        "Codes": sheet_xml([["Variable", "Code", "Meaning"], *told]),
    })  # fmt: skip
    found = proposed(book)
    assert found.questions == ()  # the list says which level is the event
    smoking = found.codebook.variables["smk"]
    assert (smoking.kind, smoking.label) == ("category", "Smoking")
    assert smoking.levels == {"0": "never", "1": "former", "2": "current"}
    assert found.codebook.variables["outcome"].levels == {"1": "alive", "2": "dead"}
    assert cohort_of(found, book).frame["pulse"].isna().sum() == 1


# -- columns set aside ------------------------------------------------------------------------------------------------


def test_people_are_never_variables(tmp_path):
    names = ["Ola Nordmann", "Kari Hansen", "Per Olsen"] * 10
    born = [f"{1 + i % 28:02d}.13.1950".replace(".13.", f".{1 + i % 12:02d}.") for i in range(N)]
    seen = [f"{1 + i % 28:02d}.06.2020" for i in range(N)]
    numbers = [f"756.0000.{1000 + i}.{10 + i}" for i in range(N)]
    columns = {
        "patient_id": BASE["patient_id"],
        "Navn": names,
        "Fødselsdato": born,
        "code": numbers,
        "Dato": seen,
        "dead": DEAD,
    }
    path = table(tmp_path, columns, sep=";")
    found = proposed(path)
    [source] = found.codebook.sources.values()
    assert source.identifiers == ("Navn", "Fødselsdato", "code")
    assert kinds(found) == {"patient_id": "id", "age": "integer", "Dato": "date", "dead": "boolean"}
    assert roles(found)["Dato"] == "index_date"
    got = cohort_of(found, path)
    assert got.frame["age"].iloc[0] == 70
    assert "Nordmann" not in repr(got) and "756." not in repr(got)


def test_empty_constant_numbered_and_wordy_columns_are_unused_with_a_reason(tmp_path):
    draw = random.Random(1)
    words = [
        " ".join(draw.choice(["seen", "today", "relatives", "called", "ward", "asked"]) for _ in range(9)) + f" {i}"
        for i in range(N)
    ]
    columns = {
        "rownames": list(range(1, N + 1)),
        **BASE,
        "leer": [""] * N,
        "country": ["NO"] * N,
        "note": words,
        "dead": DEAD,
    }
    found = proposed(table(tmp_path, columns))
    [source] = found.codebook.sources.values()
    assert source.unused == {
        "rownames": "numbers the rows", "leer": "empty", "country": "one value only", "note": "free text",
    }  # fmt: skip
    assert "TB172" in codes(found)


# -- questions and settings -------------------------------------------------------------------------------------------


def test_a_column_whose_name_turns_it_round_is_asked_about(tmp_path):
    path = table(tmp_path, {**BASE, "outcome_1alive_0dead": [i % 2 for i in range(N)]})
    [question] = proposed(path).questions
    assert question.commands == ("--positive 0", "--positive 1")
    told = proposed(path, positive="0")
    assert told.questions == () and kinds(told)["outcome_1alive_0dead"] == "category"


def test_two_levels_without_a_word_for_the_event_are_asked_about(tmp_path):
    path = table(tmp_path, {**BASE, "outcome": ["A", "B", "A"] * 10})
    assert [q.key for q in proposed(path).questions] == ["data.positive"]
    assert proposed(table(tmp_path, {**BASE, "outcome": ["dead", "well", "well"] * 10})).questions == ()


def test_undecided_dates_are_asked_about_unless_answered(tmp_path):
    path = table(
        tmp_path,
        {
            **BASE,
            "Datum": [f"{1 + i % 9:02d}.{1 + i % 12:02d}.2020" for i in range(N)][:9] * 3 + ["01.02.2020"] * 3,
            "dead": DEAD,
        },
    )
    [question] = proposed(path).questions
    assert question.key == "data.date_order"
    assert question.commands == tuple(f"--set data.date_order={order}" for order in ("dmy", "mdy", "undecided"))
    assert question.safe == "undecided"  # --yes: such dates are missing
    told = proposed(path, date_order="mdy")
    assert told.questions == () and told.codebook.sources["t"].dates == "mdy"


def test_two_columns_that_could_be_the_id_are_asked_about(tmp_path):
    columns = {"patient_id": BASE["patient_id"], "mrn": list(range(N)), "age": BASE["age"], "dead": DEAD}
    path = table(tmp_path, columns)
    [question] = proposed(path).questions
    assert question.commands == ("--id patient_id", "--id mrn")
    assert proposed(path, id="mrn").questions == ()


def test_two_times_and_events_are_asked_about_together(tmp_path):
    columns = {
        **BASE,
        "os_months": range(N),
        "pfs_time": range(5, N + 5),
        "death": [i % 2 for i in range(N)],
        "progression": [1, 0, 0] * 10,
    }
    path = table(tmp_path, {k: list(v) for k, v in columns.items()})
    assert [q.key for q in proposed(path).questions] == ["data.time", "data.event"]
    told = proposed(path, time="os_months", event="death")
    assert told.questions == ()
    assert roles(told) == {
        "patient_id": "patient_id", "os_months": "time", "death": "event", "pfs_time": "sibling", "progression": "sibling",
    }  # fmt: skip


@pytest.mark.parametrize("setting", ["target", "time", "event", "id", "centre"])
def test_a_column_that_does_not_exist_is_an_error_with_the_near_miss(tmp_path, setting):
    path = table(tmp_path, {**BASE, "dead": DEAD})
    with pytest.raises(ConfigError, match="there is no column 'deat'") as caught:
        proposed(path, **{setting: "deat"})
    assert caught.value.where == f"data.{setting}" and caught.value.hint == "did you mean 'dead'?"
    with pytest.raises(ConfigError, match="there is no column 'agee'"):
        proposed(path, keep=("agee",))


# -- several tables ---------------------------------------------------------------------------------------------------


def test_tables_with_equal_headers_are_stacked_as_centres(tmp_path):
    bergen = table(tmp_path, {**BASE, "dead": DEAD}, name="bergen.csv")
    oslo = table(tmp_path, {**BASE, "dead": DEAD}, name="oslo.csv")
    found = proposed(bergen, oslo)
    assert found.codebook.variables["centre"].role == "centre"
    got = cohort_of(found, bergen, oslo)
    assert got.n_patients == 2 * N
    assert got.rows["centre"].value_counts().to_dict() == {"bergen": N, "oslo": N}
    assert got.rows["group"].nunique() == N


def test_a_file_without_patients_is_refused(tmp_path):
    with pytest.raises(InputError, match="no table"):
        proposed(csv(tmp_path, "t.csv", "only a remark"))


def test_a_proposal_is_a_codebook_file(tmp_path):
    found = proposed(table(tmp_path, {**BASE, "dead": DEAD}))
    assert parse_codebook(dump_codebook(found.codebook)) == found.codebook
    assert all(m.score == 0.95 for v in found.codebook.variables.values() for m in v.from_.values())


def test_an_outcome_of_one_class_is_said_with_its_file(tmp_path):
    with pytest.raises(DataError, match=r"outcome 'died' has one class only; two are needed \(t\.csv\)"):
        proposed(table(tmp_path, {**BASE, "died": ["no"] * N}))


@pytest.mark.parametrize("text", ["id,died\n", "Export of the ward\n\nid,age,died,sex\n", "Ward,7\nid,age,died,sex\n"])
def test_a_file_of_headers_only_is_not_called_free_text(tmp_path, text):
    with pytest.raises(InputError, match=r"t\.csv: no rows below the header"):
        proposed(csv(tmp_path, "t.csv", text))


def test_a_mistyped_column_gets_the_near_one_however_many_there_are(tmp_path):
    many = {f"column {i}": list(range(N)) for i in range(13)}
    path = table(tmp_path, {**BASE, **many, "Death (30 days)": DEAD})
    with pytest.raises(ConfigError, match="there is no column 'Deth'") as caught:
        proposed(path, target="Deth")
    assert caught.value.hint == "did you mean 'Death (30 days)'?"
    with pytest.raises(ConfigError, match="there is no column 'mortality'") as caught:
        proposed(path, target="mortality")
    assert caught.value.hint.startswith("columns: ") and caught.value.hint.endswith(" and 4 more")
