"""Proposals for exports of unusual shape: several tables a sheet, yearly files, later visits, laboratory rows."""

from __future__ import annotations

import numpy as np
import pytest

from tabml.core.config import Data
from tabml.core.errors import QuestionError
from tabml.ingest.codebook_file import dump_codebook, parse_codebook
from tabml.ingest.harmonise import harmonise
from tabml.ingest.propose import Proposal, propose
from tests.ingest.exports import DATA, KEY, csv, sheets
from tests.ingest.test_propose import table
from tests.ingest.workbooks import sheet_xml, write_xlsx

N = 40


def proposed(*paths, **settings) -> Proposal:
    return propose(sheets(*paths), Data(**settings))


def cohort_of(found: Proposal, *paths):
    assert parse_codebook(dump_codebook(found.codebook)) == found.codebook
    return harmonise(sheets(*paths), found.codebook, KEY, data=DATA)


def patients(prefix: str = "P", n: int = N, seed: int = 1) -> list[list[object]]:
    rng = np.random.default_rng(seed)
    return [
        [f"{prefix}-{1000 + 37 * i}", int(rng.integers(40, 85)), "m" if rng.random() < 0.5 else "f", "yes" if i % 3 == 0 else "no", int(rng.integers(18, 40))]
        for i in range(n)
    ]  # fmt: skip


HEAD: list[object] = ["Patient ID", "Age", "Sex", "Died", "BMI"]


def text_of(rows: list[list[object]]) -> str:
    return "\n".join(",".join(map(str, row)) for row in rows)


# -- several tables a sheet -------------------------------------------------------------------------------------------


def test_two_tables_of_a_sheet_with_one_set_of_ids_are_two_sources_that_join(tmp_path):
    rng = np.random.default_rng(3)
    lab = [[row[0], round(float(rng.normal(13, 1)), 1), int(rng.integers(1, 90))] for row in patients()]
    rows = [HEAD, *patients(), [], ["Patient", "Hb (g/dL)", "CRP"], *reversed(lab)]
    book = write_xlsx(tmp_path / "ward.xlsx", {"Data": sheet_xml(rows)})
    found = proposed(book)
    assert [s.table for s in found.codebook.sources.values()] == ["A1:E41", "A43:C83"]
    assert [s.join is not None for s in found.codebook.sources.values()] == [False, True]
    got = cohort_of(found, book)
    assert got.n_patients == N and got.frame["crp"].notna().all()


def test_a_second_table_that_shares_nothing_is_named_and_not_read(tmp_path):
    beds = [["ward", "capacity", "storey"], *[[f"W{i}", 10 + i, i / 7] for i in range(12)]]
    rows = [HEAD, *patients(), [], *beds]
    book = write_xlsx(tmp_path / "ward.xlsx", {"Data": sheet_xml(rows)})
    found = proposed(book)
    [source] = found.codebook.sources.values()
    assert source.table == "A1:E41" and list(source.other_sheets) == ["Data!A43:C55"]
    [said] = [f for f in found.findings if f.code == "TB104"]
    assert "A43:C55" in said.evidence and said.severity == "warn"
    assert cohort_of(found, book).n_patients == N


def test_a_legend_beside_the_table_is_no_source_and_does_not_hide_the_sheet(tmp_path):
    rows = [[*row, "", *extra] for row, extra in zip(
        [HEAD, *patients()], [["1 = male"], ["2 = female"], ["9 = unknown"], *[[""]] * (N - 2)], strict=True)]  # fmt: skip
    book = write_xlsx(tmp_path / "ward.xlsx", {"Data": sheet_xml(rows)})
    [source] = proposed(book).codebook.sources.values()
    assert source.table == "A1:E41" and "Data" not in source.other_sheets
    assert cohort_of(proposed(book), book).n_patients == N


# -- stacks -----------------------------------------------------------------------------------------------------------


def test_yearly_files_of_one_hospital_are_one_source_with_a_list(tmp_path):
    files = [csv(tmp_path, f"north_{y}.csv", text_of([HEAD, *patients(f"Y{y}", seed=y)])) for y in (2019, 2020, 2021)]
    found = proposed(*files)
    [(name, source)] = found.codebook.sources.items()
    assert (name, source.file) == ("north", ("north_2019.csv", "north_2020.csv", "north_2021.csv"))
    assert source.sheet is None and source.sha256 is None and source.header_rows == (1,)
    got = cohort_of(found, *files)
    assert got.n_patients == 3 * N and set(got.rows["source"]) == {"north"}


def test_yearly_sheets_are_one_source(tmp_path):
    sheet = {str(y): sheet_xml([HEAD, *patients(f"Y{y}", seed=y)]) for y in (2019, 2020)}
    book = write_xlsx(tmp_path / "north.xlsx", sheet)
    [source] = proposed(book).codebook.sources.values()
    assert (source.file, source.sheet) == ("north.xlsx", ("2019", "2020"))
    assert cohort_of(proposed(book), book).n_patients == 2 * N


@pytest.mark.parametrize(
    "names", [("site_1.csv", "site_2.csv"), ("bergen.csv", "mainz.csv"), ("A 2020.csv", "B 2020.csv")]
)
def test_exports_of_two_hospitals_with_one_program_stay_two(tmp_path, names):
    files = [csv(tmp_path, name, text_of([HEAD, *patients(name[:6], seed=i)])) for i, name in enumerate(names)]
    assert len(proposed(*files).codebook.sources) == 2


def test_years_written_in_two_ways_are_not_put_together(tmp_path):
    one, other = ([[*row, f"{9 + i / 10:.1f}"] for i, row in enumerate(patients(f"Y{y}"))] for y in (1, 2))
    files = [
        csv(tmp_path, "north_2019.csv", text_of([[*HEAD, "Hb"], *one]).replace(",", ";")),
        csv(tmp_path, "north_2020.csv", text_of([[*HEAD, "Hb"], *other]).replace(",", ";").replace(".", ",")),
    ]
    assert {s.decimal for s in proposed(*files).codebook.sources.values()} == {".", ","}


# -- later visits -----------------------------------------------------------------------------------------------------


def test_measurements_of_later_visits_are_no_predictors_and_that_is_said(tmp_path):
    rng = np.random.default_rng(4)
    columns = {h: [row[i] for row in patients()] for i, h in enumerate(map(str, HEAD))}
    columns |= {f"hb_v{v}": np.round(rng.normal(13, 1, N), 1).tolist() for v in (1, 2, 3)}
    path = table(tmp_path, columns)
    found = proposed(path)
    assert [found.codebook.variables[f"hb_v{v}"].timing for v in (1, 2, 3)] == ["baseline", "later", "later"]
    [said] = [f for f in found.findings if f.code == "TB143"]
    assert said.columns == ("hb_v2", "hb_v3") and "--keep" in said.remedy
    kept = proposed(path, keep=("hb_v2",)).codebook.variables
    assert (kept["hb_v2"].timing, kept["hb_v3"].timing) == ("baseline", "later")


# -- rows of a patient ------------------------------------------------------------------------------------------------


def ward_and_lab(folder, *, dated: bool):
    rng = np.random.default_rng(6)
    head = [*HEAD, "Admission date"] if dated else HEAD
    rows = [[*row, "2020-03-01"] if dated else row for row in patients()]
    lab = [["Patient ID", "Taken", "Test", "Result", "Unit"]]
    for row in patients():
        lab += [
            [row[0], "2020-02-20", "Hb", round(float(rng.normal(13, 1)), 1), "g/dL"],
            [row[0], "2020-02-20", "CRP", int(rng.integers(1, 90)), "mg/L"],
            [row[0], "2020-04-01", "Hemoglobin", 999, "g/L"],
        ]
    lab += [[row[0], "2020-02-20", "Karyotype of one", 1, ""] for row in patients()[:2]]
    return csv(folder, "ward.csv", text_of([head, *rows])), csv(folder, "lab.csv", text_of(lab))


def test_a_laboratory_table_becomes_one_variable_a_test_before_the_index_date(tmp_path):
    files = ward_and_lab(tmp_path, dated=True)
    found = proposed(*files)
    source = found.codebook.sources["lab"]
    assert source.join is not None and (source.join.to, source.join.on, source.date) == ("ward", "Patient ID", "Taken")
    hb = found.codebook.variables["hb" if "hb" in found.codebook.variables else "haemoglobin"].from_["lab"]
    assert (
        hb.where == {"Test": ("Hb", "Hemoglobin")} and hb.aggregate == "last_before_index" and hb.unit_column == "Unit"
    )
    assert (hb.score or 0) >= DATA.accept_score
    assert "Karyotype" not in dump_codebook(found.codebook) + str(found.findings)
    assert [(f.code, f.count) for f in found.findings if "fewer than 5 patients" in f.evidence] == [("TB104", 2)]
    got = cohort_of(found, *files)
    [name] = [n for n, v in found.codebook.variables.items() if "lab" in v.from_ and "Hb" in str(v.from_["lab"].where)]
    assert got.n_patients == N and got.frame[name].between(5, 20).all()


def test_laboratory_rows_without_an_index_date_are_asked(tmp_path):
    found = proposed(*ward_and_lab(tmp_path, dated=False))
    doubtful = [m for v in found.codebook.variables.values() for s, m in v.from_.items() if s == "lab"]
    assert len(doubtful) == 2 and all((m.score or 0) < DATA.accept_score for m in doubtful)
    assert all("no index date" in (m.evidence or "") for m in doubtful)


def test_laboratory_rows_that_are_left_out_still_speak_for_their_columns(tmp_path):
    paths = ward_and_lab(tmp_path, dated=False)
    cohort = harmonise(sheets(*paths), proposed(*paths).codebook, KEY, data=DATA, yes=True)
    assert "TB104" in {f.code for f in cohort.findings} and len(cohort.frame) == cohort.n_patients


def test_endpoints_stacked_as_rows_are_asked_with_the_words_of_the_codebook(tmp_path):
    rows = [["Patient ID", "Endpoint", "Happened"]]
    rows += [[row[0], e, (i + j) % 2] for i, row in enumerate(patients()) for j, e in enumerate(("death", "stroke"))]
    files = csv(tmp_path, "ward.csv", text_of([HEAD, *patients()])), csv(tmp_path, "ends.csv", text_of(rows))
    for given in (files, files[1:]):
        with pytest.raises(QuestionError, match="a row for each endpoint of a patient") as caught:
            proposed(*given)
        assert "where: {Endpoint: death}" in caught.value.questions[0]


def test_what_a_file_states_reaches_the_variables_of_several_hospitals(tmp_path):
    import pandas as pd
    import pyreadstat

    rng = np.random.default_rng(7)
    frame = pd.DataFrame({"pasientid": [f"P{i}" for i in range(N)], "kjonn": rng.choice([1.0, 2.0, 9.0], N),
                          "v7": rng.integers(30, 90, N).astype(float), "dod": rng.choice([0.0, 1.0], N)})  # fmt: skip
    frame.loc[:2, "v7"] = -99
    path = tmp_path / "bergen.sav"
    labels = {"kjonn": {1: "mann", 2: "kvinne", 9: "ukjent"}, "dod": {0: "nei", 1: "ja"}}
    pyreadstat.write_sav(frame, str(path), column_labels={"kjonn": "Kjønn", "v7": "Alder (år)", "dod": "Død"},
                         variable_value_labels=labels, missing_ranges={"kjonn": [9], "v7": [-99]})  # fmt: skip
    other = csv(tmp_path, "north.csv", text_of([HEAD, *patients()]))
    found = proposed(path, other)
    age, sex = (found.codebook.variables[n].from_["bergen"] for n in ("age", "sex"))
    assert age.column == "v7" and "-99" in age.missing
    assert sex.column == "kjonn" and "9" in sex.missing and set(sex.recode) == {"1", "2"}
    got = cohort_of(found, path, other)
    assert got.frame["age"].min() > 0 and got.frame["sex"].nunique() == 2


def test_a_proposal_of_unusual_shape_goes_through_the_workbook(tmp_path):
    from tests.ingest.codebook_workbook.test_round_trip import same_after

    lab = proposed(*ward_and_lab(tmp_path, dated=True)).codebook
    files = [csv(tmp_path, f"north_{y}.csv", text_of([HEAD, *patients(f"Y{y}", seed=y)])) for y in (2019, 2020)]
    sheet = write_xlsx(tmp_path / "two.xlsx", {"Data": sheet_xml([HEAD, *patients(), [], ["ward", "beds", "floor"], *[[f"W{i}", i, i / 7] for i in range(12)]])})  # fmt: skip
    for book in (lab, proposed(*files).codebook, proposed(sheet).codebook):
        assert same_after(book, tmp_path) == (dump_codebook(book), ())
