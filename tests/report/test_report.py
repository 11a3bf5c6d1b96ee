from __future__ import annotations

import copy
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from tabml.core.results import SHARED_CHOICE
from tabml.report.methods import methods
from tabml.report.render import render_report, render_summary
from tests.report.studies import STUDIES

VOID = {"meta", "link", "br", "img", "hr", "input"}


class Page(HTMLParser):
    """Collects tags, ids, links and visible text, and complains about unbalanced tags."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.ids += [str(v) for k, v in attrs if k == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("style", "title", "desc"):
            self.text.append(data)

    @property
    def words(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.text))


@pytest.fixture(scope="module", params=sorted(STUDIES))
def study(request: pytest.FixtureRequest) -> dict[str, Any]:
    return STUDIES[request.param]()


@pytest.fixture(scope="module")
def heart() -> dict[str, Any]:
    return STUDIES["binary"]()


class TestEveryPage:
    @pytest.mark.parametrize("render", [render_report, render_summary])
    def test_is_whole_html_with_unique_ids_and_no_request_to_anywhere(self, study: dict[str, Any], render: Any) -> None:
        html = render(study)
        page = Page(html)
        assert len(page.ids) == len(set(page.ids))
        assert "script" not in {tag for tag, _ in page.tags}
        for _, attributes in page.tags:
            for name in ("src", "href"):
                assert (attributes.get(name) or "#").startswith("#")
        assert not re.search(r"url\(|@import|https?://", html)

    def test_figures_say_what_they_show_and_tables_have_captions(self, study: dict[str, Any]) -> None:
        html = render_report(study)
        for figure in re.findall(r"<svg.*?</svg>", html, flags=re.S):
            labelled = re.search(r'aria-labelledby="(\S+) (\S+)"', figure)
            assert 'role="img"' in figure and labelled
            assert f'<title id="{labelled[1]}">' in figure and f'<desc id="{labelled[2]}">' in figure
        assert html.count("<table>") == html.count("<caption>")

    def test_equal_documents_give_equal_bytes(self, study: dict[str, Any]) -> None:
        assert render_report(study) == render_report(copy.deepcopy(study))

    def test_links_lead_somewhere(self, study: dict[str, Any]) -> None:
        page = Page(render_report(study))
        assert {a["href"][1:] for tag, a in page.tags if tag == "a" and a["href"]} <= set(page.ids)

    def test_coordinates_are_numbers(self, study: dict[str, Any]) -> None:
        for figure in re.findall(r"<svg.*?</svg>", render_report(study), flags=re.S):
            assert not re.search(r"\b(nan|inf|None)\b", re.sub(r"<(title|desc|text).*?</\1>", "", figure, flags=re.S))


class TestAnswer:
    def test_verdict_number_interval_and_name_of_the_estimate(self, heart: dict[str, Any]) -> None:
        words = Page(render_report(heart)).words
        assert "The model tells patients with and without coronary disease apart well." in words
        assert "0.88" in words and "95 % interval 0.86 to 0.91" in words
        assert "bootstrap bias-corrected cross-validation" in words
        assert "On a hospital it has never seen it reaches 0.69 (Zürich) to 0.90 (Budapest)." in words

    def test_the_headline_is_never_the_apparent_or_the_winning_number(self, heart: dict[str, Any]) -> None:
        document = copy.deepcopy(heart)
        first = render_report(document).split('<p class="value">')[1][:4]
        for e in document["estimates"]:
            if e["estimate_type"] in ("apparent", "cv_winner"):
                e["value"], e["text"] = 0.999, "0.999"
        assert render_report(document).split('<p class="value">')[1][:4] == first == "0.88"

    def test_only_biased_estimates_are_named_for_what_they_are(self, heart: dict[str, Any]) -> None:
        document = {**heart, "estimates": [e for e in heart["estimates"] if e["estimate_type"] == "apparent"]}
        assert (
            "Apparent estimate: on the patients the model was built on: always too good"
            in Page(render_report(document)).words
        )

    def test_a_study_without_signal_says_so(self) -> None:
        words = Page(render_report(STUDIES["regression"]())).words
        assert "No usable signal" in words and "use no model from these data" in words

    def test_a_model_below_age_and_sex_is_not_called_useful(self, heart: dict[str, Any]) -> None:
        document = copy.deepcopy(heart)
        document["study"].pop("verdict")
        for e in document["estimates"]:
            if e["model"] == "age_sex":
                e["value"] = 0.91
        assert "Not clearly better than age and sex" in Page(render_report(document)).words

    def test_a_baseline_that_found_only_age_is_called_age(self, heart: dict[str, Any]) -> None:
        document = copy.deepcopy(heart)
        document["study"] |= {"verdict": "not_better", "age_sex": {"age": "Alter_Jahre"}}
        words = Page(render_report(document)).words
        assert "Not clearly better than age" in words and "not reliably better than age alone" in words
        assert "Age alone (Alter_Jahre; no column is known to hold sex): " in words
        assert "Age only" in words
        assert "age and sex" not in words.casefold()

    def test_an_interval_that_holds_chance_is_no_signal(self, heart: dict[str, Any]) -> None:
        document = copy.deepcopy(heart)
        document["study"].pop("verdict")
        for e in document["estimates"]:
            if e["key"] == "auroc" and e["estimate_type"] == "corrected_bbc":
                e["lower"] = 0.49
        assert "No usable signal" in Page(render_report(document)).words

    def test_no_signal_beside_an_interval_above_chance_says_why(self, heart: dict[str, Any]) -> None:
        document = copy.deepcopy(heart)
        document["study"]["verdict"] = "no_signal"
        assert (
            "The interval of AUROC excludes 0.5: patients may be ordered better" in Page(render_report(document)).words
        )

    def test_a_muted_finding_leaves_the_top_and_keeps_its_evidence_below(self, heart: dict[str, Any]) -> None:
        document = copy.deepcopy(heart)
        grave = next(f for f in document["findings"] if f["severity"] == "grave")
        document["study"]["muted"] = [grave["code"]]
        words = Page(render_report(document)).words
        assert words.count(grave["evidence"]) == 1
        assert f"Muted by setting: {grave['code']}: {grave['evidence']}" in words

    def test_grave_findings_stand_on_page_one(self, heart: dict[str, Any]) -> None:
        first = render_report(heart).split('id="patients"')[0]
        assert "factor 38.67" in first and "TB151" not in first

    def test_risks_are_not_promised_to_hold_at_another_hospital(self, heart: dict[str, Any]) -> None:
        words = Page(render_report(heart)).words
        assert "On unseen patients of these centres its risks are right on average." in words
        assert (
            "At hospitals it had never seen they are off: 0.71 (Budapest) to 1.22 (Zürich) events happened per event"
            in words
        )
        alone = {**heart, "counts": {**heart["counts"], "centres": 1},
                 "estimates": [e for e in heart["estimates"] if e["estimate_type"] != "internal_external"]}  # fmt: skip
        assert "How right they are at another hospital is not known." in Page(render_report(alone)).words

    def test_better_ranks_and_no_better_risks_are_told_together(self, heart: dict[str, Any]) -> None:
        document = copy.deepcopy(heart)
        document["study"]["verdict"] = "not_better"
        gained = {
            "key": "auroc",
            "model": "final - age_sex",
            "value": 0.07,
            "lower": 0.004,
            "text": "0.070 (0.004 to 0.141)",
        }
        document["comparisons"] = [gained]
        words = Page(render_report(document)).words
        assert (
            "It orders patients better than age and sex alone (AUROC higher by 0.070 (0.004 to 0.141)), but its risks are not"
            in words
        )
        document["comparisons"] = [{**gained, "lower": -0.004}]
        assert "It orders patients better" not in Page(render_report(document)).words

    def test_predictors_that_the_model_does_not_read_are_named_beside_those_it_does(
        self, heart: dict[str, Any]
    ) -> None:
        document = copy.deepcopy(heart)
        document["study"]["not_used"] = {"# vessels": "missing"}
        words = Page(render_report(document)).words
        assert "The final model does not use # vessels (too much of it is missing)." in words

    def test_the_estimator_stands_beside_the_headline(self, heart: dict[str, Any]) -> None:
        first = Page(render_report(heart)).words
        assert "Pairs are of one fold, so that both risks come from the same model." in first

    def test_pairs_of_classes_are_what_hand_and_till_average(self) -> None:
        words = Page(render_report(STUDIES["multiclass"]())).words
        assert "on average over all pairs of classes" in words and "two patients of different classes" not in words

    def test_slope_outside_its_band_warns_beside_the_number(self) -> None:
        assert "too extreme (calibration slope 0.72)" in Page(render_report(STUDIES["survival"]())).words


class TestSections:
    def test_every_centre_is_named_with_its_number(self, heart: dict[str, Any]) -> None:
        part = render_report(heart).split('id="limits"')[1]
        for name, text in (("Cleveland", "0.89 (0.84 to 0.95)"), ("Zürich", "0.69 (0.61 to 0.77)")):
            assert name in part and text in part
        assert "Mean of the centres" in part and "A new centre" in part

    def test_a_centre_that_took_part_in_the_choice_is_not_called_unseen(self, heart: dict[str, Any]) -> None:
        assert "one it had never seen" in render_report(heart)
        shared = copy.deepcopy(heart)
        for e in shared["estimates"]:
            if e["estimate_type"] == "internal_external":
                e["reason"] = SHARED_CHOICE
        text = render_report(shared)
        assert "never seen it reaches" not in text and "one it had never seen" not in text
        assert "The centre took part in the choice and calibration of the model." in text
        assert "had used all centres" in " ".join(methods(shared))

    def test_a_centre_of_few_says_of_what_and_that_the_mean_leaves_it_out(self, heart: dict[str, Any]) -> None:
        document = copy.deepcopy(heart)
        for e in document["estimates"]:
            if e["population"] == "centre:Zürich":
                e["reason"] = "few: 115 with and 8 without the outcome"
        words = Page(render_report(document)).words
        assert "Read with care: Zürich (115 with and 8 without the outcome), left out of the mean" in words
        assert "Few events" not in words

    def test_what_a_preset_sets_is_not_called_a_setting_that_differs(self, heart: dict[str, Any]) -> None:
        annex = render_report(heart).split('id="annex-settings"')[1]
        assert "Settings that differ from the defaults of preset quick" in annex
        assert "data.codebook" in annex and "prep.missing_flags" not in annex and "estimate.method" not in annex

    def test_three_named_estimates_stand_side_by_side(self, heart: dict[str, Any]) -> None:
        annex = Page(render_report(heart)).words.split("Annex: the estimates side by side")[-1]
        for name in (
            "Apparent",
            "Cross-validated winner",
            "Corrected (BBC)",
            "0.91 (0.89 to 0.94)",
            "0.89 (0.87 to 0.91)",
        ):
            assert name in annex

    def test_a_failed_model_stands_with_its_reason_and_without_a_score(self, heart: dict[str, Any]) -> None:
        row = re.search(r"<tr[^>]*><th scope=\"row\">mlp</th>.*?</tr>", render_report(heart))
        assert row and "torch is not installed" in row[0] and '<td class="n">–</td>' in row[0]

    def test_two_patients_are_explained_in_original_units(self, heart: dict[str, Any]) -> None:
        html = render_report(heart)
        assert html.count("How this prediction came about") == 2
        assert "resting blood pressure" in html and "145 mmHg" in html and "missing (imputed 231)" in html

    def test_a_shared_document_without_examples_shows_none(self, heart: dict[str, Any]) -> None:
        document = copy.deepcopy(heart)
        document["explanations"][0]["examples"] = []
        assert "K7QW2MZX4TAB6YHD" not in render_report(document)

    def test_every_estimate_is_printed_as_its_text(self, study: dict[str, Any]) -> None:
        words = Page(render_report(study)).words
        for e in study["estimates"]:
            if e["model"] == "final" and e["population"] == "all":
                assert e["text"] in words

    def test_class_without_estimate_is_listed_with_its_reason(self) -> None:
        html = render_report(STUDIES["multiclass"]())
        assert "suspect donor" in html and "not estimable: fewer than 10 patients" in html

    def test_summary_shows_findings_about_the_data_only(self, heart: dict[str, Any]) -> None:
        html = render_summary(heart)
        assert "TB151" in html and "TB302" not in html

    def test_summary_renders_from_the_description_alone(self, heart: dict[str, Any]) -> None:
        words = Page(render_summary(heart["summary"])).words
        assert "cholesterol" in words and "asymptomatic" in words and "Table 1" in words


class TestTolerance:
    @pytest.mark.parametrize("part", ["study", "target", "counts", "findings", "models", "estimates", "curves", "tables",
                                      "explanations", "summary", "comparisons", "methods", "provenance", "run"])  # fmt: skip
    def test_a_part_that_is_missing_leaves_itself_out(self, study: dict[str, Any], part: str) -> None:
        document = {k: v for k, v in study.items() if k != part}
        Page(render_report(document))
        Page(render_summary(document))

    def test_an_empty_document_is_a_page_without_a_verdict(self) -> None:
        words = Page(render_report({})).words
        assert "No verdict" in words and "No performance was estimated" in words

    def test_fields_that_are_missing_do_not_stop_a_record(self, study: dict[str, Any]) -> None:
        for name in ("estimates", "curves", "findings", "explanations", "models"):
            for lost in sorted({k for record in study[name] for k in record} - {"key", "x", "y"}):
                document = {**study, name: [{k: v for k, v in r.items() if k != lost} for r in study[name]]}
                Page(render_report(document))

    def test_every_text_is_escaped(self, heart: dict[str, Any]) -> None:
        document = copy.deepcopy(heart)
        mark = "<script>alert(1)</script>"
        document["study"]["title"] = document["target"]["label"] = mark
        document["findings"][0]["evidence"] = document["models"][0]["model"] = mark
        document["explanations"][0]["importances"][0]["title"] = mark
        document["summary"]["flow"][0]["label"] = mark
        document["summary"]["variables"][0]["title"] = mark
        for html in (render_report(document), render_summary(document)):
            assert "<script" not in html and "&lt;script&gt;" in html


def test_one_model_is_not_shown_as_two(heart: dict[str, Any]) -> None:
    """Its two estimates differ, for choosing the best and choosing the simplest are two procedures."""
    document = copy.deepcopy(heart)
    assert "Simple model" in render_report(document)
    same = [[2, 1.0]]
    document["study"]["selection"] = {"final": same, "simple": same, "is_blend": False, "reason": ""}
    page = render_report(document)
    assert "Simple model" not in page
    assert "The final model is also the simplest" in page


def test_a_wide_study_stays_small(heart: dict[str, Any]) -> None:
    document = copy.deepcopy(heart)
    variables = document["summary"]["variables"]
    document["summary"]["variables"] = [{**variables[0], "name": f"v{k}", "title": f"variable {k}"} for k in range(60)]
    assert len(render_summary(document)) < 400_000
    assert len(render_report(document)) < 200_000
