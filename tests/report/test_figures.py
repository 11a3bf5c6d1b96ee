from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from tabml.report.figures import explanation, patients, performance
from tabml.report.figures.canvas import Canvas, Panel, cut, thin, tick_text, ticks, wrap


def test_ticks_are_round_and_inside() -> None:
    assert ticks(0.47, 0.97) == [0.5, 0.6, 0.7, 0.8, 0.9]
    assert ticks(0, 2000) == [0.0, 500.0, 1000.0, 1500.0, 2000.0]
    assert ticks(3, 3) == [3]


def test_ticks_print_with_the_decimals_of_their_neighbours() -> None:
    assert [tick_text(v, (0.0, 0.25, 0.5)) for v in (0.0, 0.25, 0.5)] == ["0.00", "0.25", "0.50"]
    assert tick_text(-1.0, (-1.0, 0.0)) == "−1"
    assert tick_text(0.2, (0.2,), share=True) == "20 %"


def test_a_panel_turns_data_into_places_and_stays_inside() -> None:
    panel = Panel(Canvas("k", 100, 100, "t", "d"), (10, 10, 80, 80), (0, 1), (0, 2))
    assert (panel.x(0.5), panel.y(2), panel.y(0), panel.x(7)) == (50.0, 10.0, 90.0, 90.0)


def test_long_lines_are_thinned_but_keep_their_ends() -> None:
    line = [(float(k), 0.0) for k in range(5000)]
    short = thin(line)
    assert len(short) == 160 and short[0] == line[0] and short[-1] == line[-1]


def test_texts_are_wrapped_and_cut() -> None:
    assert wrap("one two three four", 60) == ["one two", "three", "four"]
    assert cut("resting blood pressure", 60) == "resting…"


@pytest.mark.parametrize(
    "svg",
    [
        performance.roc([("a", {"x": [0, 0.2, 1], "y": [0, 0.8, 1]})]),
        performance.calibration([("g", {"x": [0.1], "y": [0.2], "lower": [0.1], "upper": [0.3]})], None, ()),
        performance.decision([("m", {"x": [0.1, 0.5], "y": [0.2, 0.1]}), ("all", {"x": [0.1, 0.5], "y": [0.2, -3]})]),
        performance.survival([("A & B", {"x": [0, 400], "y": [1, 0.5], "at_risk": [9, 4]})], (30.4375, "months")),
        performance.forest(
            [("north <1>", "n 5", {"value": None, "text": "not estimable"})], reference=0.8, label="AUROC"
        ),
        patients.flow(
            [{"label": "rows read", "rows": 10}, {"label": "lost", "rows": 3, "kind": "aside", "reason": "blank"}]
        ),
        patients.histogram("h", [0, 1, 2], [3, 4], "age"),
        patients.bars("b", [{"label": "a", "n": 3, "share": 1.0}], "sex"),
        explanation.importance([{"title": "age", "mean_abs": 0.2}], "log odds"),
        explanation.effect("e", {"title": "age", "bins": [("to 45", -0.2, 10)]}, (-1, 1)),
        explanation.waterfall("w", {"base": 0.1, "contributions": [], "predicted": "10 %"}),
    ],
)
def test_every_figure_is_valid_xml_with_title_and_description(svg: str) -> None:
    root = ElementTree.fromstring(svg)
    assert [child.tag for child in root][:2] == ["title", "desc"]
    assert not re.search(r"\bnan\b", svg)


def test_the_best_roc_runs_along_the_upper_left_corner() -> None:
    svg = performance.roc([("a", {"x": [0, 0, 1], "y": [0, 1, 1]})])
    assert 'd="M62 360L62 14L414 14"' in svg


def test_numbers_at_risk_are_those_at_the_ticks() -> None:
    x = np.arange(0, 101, 10)
    svg = performance.survival(
        [("All", {"x": x.tolist(), "y": (1 - x / 200).tolist(), "at_risk": (100 - x).tolist()})], (1.0, "days")
    )
    found = re.findall(r">(\d+)</text>", svg.split("at risk")[1])
    assert found == ["100", "80", "60", "40", "20", "0"]


def test_bars_that_raise_go_right_and_bars_that_lower_go_left() -> None:
    svg = explanation.effect("e", {"title": "x", "bins": [("low", -1.0, 5), ("high", 1.0, 5)]}, (-1, 1))
    rects = [(float(x), float(w)) for x, w in re.findall(r'<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', svg)]
    zero = 116 + 108 / 2
    assert rects[0][0] + rects[0][1] == zero and rects[1][0] == zero


def test_sources_flow_together_and_equal_counts_are_said_once() -> None:
    steps = [
        {"label": "rows of a.csv", "rows": 12, "source": "a"}, {"label": "blank rows", "rows": 2, "source": "a", "kind": "aside"},
        {"label": "patients", "rows": 10, "source": "a"}, {"label": "rows of b.csv", "rows": 5, "source": "b"},
        {"label": "patients", "rows": 5, "source": "b"}, {"label": "rows of the cohort", "rows": 15}, {"label": "patients", "rows": 15},
    ]  # fmt: skip
    svg = patients.flow(steps)
    assert patients.is_wide(steps)
    assert svg.count(">15</text>") == 1 and "− 2 blank rows" in svg and "rows of the cohort</text>" not in svg


def test_end_bars_that_hold_more_than_their_width_say_so() -> None:
    drawn = patients.histogram("v", [120, 140, 160, 180], [3, 5, 2], "chol", (85, 180))
    assert ">below 140<" in drawn and ">180<" in drawn
    assert "120" in patients.histogram("v", [120, 140, 160, 180], [3, 5, 2], "chol", (125, 179))


def test_a_long_prediction_at_the_edge_stays_on_its_card() -> None:
    example = {
        "base": -4.0,
        "predicted": "0=Blood Donor (99 %)",
        "contributions": [{"title": "age", "value": "50", "contribution": 6.0}],
    }
    x = float(re.search(r'<text x="([\d.]+)"[^>]*>predicted 0=Blood Donor', explanation.waterfall("p", example))[1])
    assert x + 4 * len("predicted 0=Blood Donor (99 %)") <= 430


def test_many_sources_are_added_up() -> None:
    steps = [s for k in range(9) for s in (
        {"label": f"rows of {k}.csv", "rows": 10, "source": str(k)},
        {"label": "blank rows", "rows": 1, "source": str(k), "kind": "aside"},
    )]  # fmt: skip
    svg = patients.flow([*steps, {"label": "patients", "rows": 81}])
    assert not patients.is_wide(steps)
    assert ">90</text>" in svg and ">− 9</text>" in svg and ">81</text>" in svg


def test_a_long_name_stands_above_its_value_and_the_value_is_whole() -> None:
    part = {"title": "resting systolic blood pressure (mmHg)", "value": "missing (imputed 131)", "contribution": 0.2}
    svg = explanation.waterfall("w", {"base": 0.0, "contributions": [part], "predicted": "10 %"})
    assert ">resting systolic blood pressure</text>" in svg and ">missing (imputed 131)</text>" in svg
