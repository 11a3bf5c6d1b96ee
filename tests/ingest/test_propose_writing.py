"""How cells are written: decimal signs by column, units and dates of East Asia, graded scales, what is left out and said."""

from __future__ import annotations

import pytest
from openpyxl import Workbook

from tests.ingest.test_propose import BASE, DEAD, N, codes, cohort_of, kinds, proposed, table


def workbook(folder, columns):
    book = Workbook()
    book.active.append(list(columns))
    for row in zip(*columns.values(), strict=True):
        book.active.append(row)
    book.save(folder / "t.xlsx")
    return folder / "t.xlsx"


def test_numbers_as_text_with_a_comma_are_read_beside_true_numbers(tmp_path):
    hours = [5 + i / 10 for i in range(N)]
    crp = [3.5 + i for i in range(N)]
    mixed = [v if i % 3 else f"{v:.1f}".replace(".", ",") for i, v in enumerate(hours)]
    path = workbook(
        tmp_path,
        {**BASE, "Schlaf": [f"{v:.1f}".replace(".", ",") for v in hours], "CRP": crp, "Laktat": mixed, "dead": DEAD},
    )
    found = proposed(path)
    frame = cohort_of(found, path).frame
    assert kinds(found)["Schlaf"] == kinds(found)["Laktat"] == "number"
    for name, truth in {"Schlaf": hours, "Laktat": hours, "CRP": crp}.items():
        assert [round(v, 6) for v in frame[name]] == [round(v, 6) for v in truth]


def test_each_column_of_a_text_file_has_its_own_decimal_sign(tmp_path):
    comma = [f"{5 + i / 10:.1f}".replace(".", ",") for i in range(N)]
    point = [f"{0.9 + i * 0.0105:.4g}" for i in range(N)]
    columns = {**BASE, "Schlaf": comma, "CRP": comma[::-1], "INR": point, "dead": DEAD}
    path = table(tmp_path, columns, sep=";")
    found = proposed(path)
    assert found.codebook.variables["INR"].from_["t"].decimal == "."
    frame = cohort_of(found, path).frame
    assert frame["INR"].tolist() == [float(v) for v in point]
    assert frame["Schlaf"].tolist() == [float(v.replace(",", ".")) for v in comma]


def test_ages_with_their_unit_and_dates_in_chinese_are_read(tmp_path):
    days = [f"20{18 + i % 4}年{i % 12 + 1}月{i % 28 + 1}日" for i in range(N)]
    path = table(
        tmp_path,
        {"patient_id": BASE["patient_id"], "年龄": [f"{40 + i}岁" for i in range(N)], "入院日期": days, "dead": DEAD},
    )
    found = proposed(path)
    assert found.codebook.variables["入院日期"].role == "index_date"
    frame = cohort_of(found, path).frame
    assert frame["年龄"].tolist() == [40 + i for i in range(N)]
    assert frame["入院日期"].notna().all()


def test_a_column_of_numbers_and_a_few_remarks_stays_a_number(tmp_path):
    cells = ["haemolysed" if i % 7 == 0 else f"{3 + i / 10:.1f}" for i in range(N)]
    path = table(tmp_path, {**BASE, "Zentin": cells, "dead": DEAD})
    found = proposed(path)
    assert kinds(found)["Zentin"] == "number"
    [said] = [f for f in cohort_of(found, path).findings if f.code == "TB110"]
    assert said.severity == "warn" and said.count == 5


def test_a_column_of_numbers_in_an_unknown_unit_never_leaves_as_a_note(tmp_path):
    cells = [f"{3 + i / 10:.1f} quux" for i in range(N)]
    found = proposed(table(tmp_path, {**BASE, "Zentin": cells, "dead": DEAD}))
    [said] = [f for f in found.findings if f.code == "TB110"]
    assert said.severity == "warn" and "'Zentin'" in said.evidence


def test_columns_left_out_by_rule_are_a_warning_that_names_them(tmp_path):
    words = [f"x{i}y{'a' * (i % 9)}" for i in range(N)]
    found = proposed(table(tmp_path, {**BASE, "Zentin": words, "Orlax": ["only"] * N, "dead": DEAD}))
    [said] = [f for f in found.findings if f.code == "TB104"]
    assert said.severity == "warn" and said.columns == ("Zentin",) and "'Zentin' (too many levels)" in said.evidence


def test_french_and_spanish_letters_for_the_sexes_are_known(tmp_path):
    for header, letters, male in (("Sexe", "FH", "h"), ("Sexo", "HM", "h"), ("Sexo", "VM", "v")):
        found = proposed(table(tmp_path, {**BASE, header: list(letters) * (N // 2), "dead": DEAD}))
        spec = found.codebook.variables[header]
        assert set(spec.levels) == {"female", "male"}
        assert spec.from_["t"].recode[male] == "male"


def test_yes_and_no_are_known_in_more_languages(tmp_path):
    for yes, no in (
        ("Sì", "No"),
        ("tak", "nie"),
        ("evet", "hayır"),
        ("да", "нет"),
        ("はい", "いいえ"),
        ("sim", "não"),
        ("ja", "nee"),
    ):
        found = proposed(table(tmp_path, {**BASE, "Zentin": [yes, no] * (N // 2), "dead": DEAD}))
        assert kinds(found)["Zentin"] == "boolean", yes


def test_a_graded_scale_of_the_list_is_a_whole_number_and_keeps_its_name(tmp_path):
    path = table(tmp_path, {**BASE, "mRS 3 kk": [i % 7 for i in range(N)]})
    spec = proposed(path, target="mRS 3 kk").codebook.variables["mRS 3 kk"]
    assert (spec.kind, spec.unit, spec.label) == ("integer", None, "mRS 3 kk")


def test_a_centre_that_writes_dates_in_another_order_is_named(tmp_path):
    dates = [
        f"{i % 12 + 1:02d}/{i % 28 + 1:02d}/2021" if i % 2 else f"{i % 28 + 1:02d}/{i % 12 + 1:02d}/2021"
        for i in range(N)
    ]
    columns = {**BASE, "Hospital": ["York", "Leeds"] * (N // 2), "Date of admission": dates, "dead": DEAD}
    path = table(tmp_path, columns)
    found = proposed(path)
    [question] = found.questions
    assert question.key == "data.date_order" and question.safe == "undecided"
    assert "'Leeds'" in question.text and "month first" in question.text and "'York'" in question.text
    frame = cohort_of(found, path).frame
    truth = [(i % 12 + 1, i % 28 + 1) for i in range(N)]
    for seen, (month, day) in zip(frame["Date of admission"], truth, strict=True):
        assert str(seen) in ("NaT", f"2021-{month:02d}-{day:02d} 00:00:00")


def test_a_value_hardly_any_measurement_can_have_is_asked_about(tmp_path):
    cells = ["99999999999999" if i == 4 else f"{60 + i}" for i in range(N)]
    [question] = proposed(table(tmp_path, {**BASE, "Zentin": cells, "dead": DEAD})).questions
    assert question.key == "data.missing" and question.safe == "missing"


@pytest.mark.parametrize("odd", ["1e308", "99999999999999999999"])
def test_a_value_no_measurement_can_have_is_missing_without_a_question(tmp_path, odd):
    cells = [odd if i == 4 else f"{60 + i}" for i in range(N)]
    path = table(tmp_path, {**BASE, "Zentin": cells, "dead": DEAD})
    found = proposed(path)
    assert not found.questions
    seen = cohort_of(found, path).frame["Zentin"]
    assert seen.isna().tolist() == [i == 4 for i in range(N)]


def test_several_sentinels_in_one_column_are_all_asked_about(tmp_path):
    cells = {3: 999, 4: 9999, 5: 999}
    values = [cells.get(i, 60 + i) for i in range(N)]
    found = proposed(table(tmp_path, {**BASE, "Zentin": values, "dead": DEAD}))
    assert [q.key for q in found.questions] == ["data.missing"] * 2


def test_minus_nine_among_negative_values_is_asked_about_where_it_repeats(tmp_path):
    values = [-99 if i in (3, 4) else i / 10 - 1 for i in range(N)]
    [question] = proposed(table(tmp_path, {**BASE, "base excess": values, "dead": DEAD})).questions
    assert "-99" in question.text
    assert "TB113" in codes(proposed(table(tmp_path, {**BASE, "base excess": values, "dead": DEAD})))


def test_an_impossible_age_is_emptied_with_a_warning_in_any_language(tmp_path):
    for header in ("Ålder", "Età", "Leeftijd"):
        values = [-4 if i == 3 else 640 if i == 5 else 40 + i for i in range(N)]
        path = table(tmp_path, {"patient_id": BASE["patient_id"], header: values, "dead": DEAD})
        got = cohort_of(proposed(path), path)
        assert got.frame[header].isna().sum() == 2
        [said] = [f for f in got.findings if f.code == "TB112"]
        assert said.severity == "warn"


def test_two_sheets_whose_ids_lost_their_zeros_are_joined(tmp_path):
    book = Workbook()
    book.active.title = "Anagrafica"
    lab = book.create_sheet("Laboratorio")
    ids = [f"{7 + 3 * i:05d}" for i in range(N)]
    book.active.append(["Codice paziente", "Età", "Sesso", "Decesso"])
    lab.append(["Codice paziente", "BNP (pg/mL)"])
    for i, code in enumerate(ids):
        book.active.append([code, 40 + i, "MF"[i % 2], ["No", "Sì"][i % 3 == 0]])
        lab.append([code.lstrip("0") if i % 2 else code, 100 + i])
    book.save(tmp_path / "s.xlsx")
    found = proposed(tmp_path / "s.xlsx")
    assert [s.join is not None for s in found.codebook.sources.values()] == [False, True]
    got = cohort_of(found, tmp_path / "s.xlsx")
    assert got.n_patients == N and got.frame["bnp"].notna().all()
    assert got.variables["age"].kind == "integer" and set(got.variables["sex"].levels) == {"0", "1"}


def test_outcome_and_date_are_known_in_more_languages(tmp_path):
    days = [f"2020-0{i % 9 + 1}-1{i % 9}" for i in range(N)]
    for outcome, date in (("Zgon", "Data przyjęcia"), ("Óbito", "Data de admissão"), ("Decesso", "Data del ricovero"), ("Overleden", "Opnamedatum"),
                          ("死亡", "入院日"), ("Ölüm", "Yatış tarihi"), ("Смерть", "Дата поступления")):  # fmt: skip
        path = table(
            tmp_path,
            {"patient_id": BASE["patient_id"], date: days, "x": BASE["age"], outcome: ["1", "0", "0"] * (N // 3)},
        )
        spec = proposed(path).codebook.variables
        assert (spec[outcome].role, spec[date].role) == ("outcome", "index_date")


def test_a_date_of_death_is_not_the_date_of_the_visit(tmp_path):
    days = [f"2020-0{i % 9 + 1}-1{i % 9}" for i in range(N)]
    found = proposed(table(tmp_path, {**BASE, "Dødsdato": days, "dead": DEAD}))
    assert "Dødsdato" not in found.codebook.variables


def test_unknown_is_missing_in_more_languages(tmp_path):
    for word in ("onbekend", "nieznany", "sconosciuto", "desconhecido", "неизвестно", "不明", "inconnu", "bilinmiyor"):
        cells = [word if i % 5 == 0 else ("yes", "no")[i % 2] for i in range(N)]
        assert kinds(proposed(table(tmp_path, {**BASE, "Zentin": cells, "dead": DEAD})))["Zentin"] == "boolean", word
