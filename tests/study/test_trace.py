"""A variable is traced by its name, its label, or its name without the unit."""

import pytest

from tabml.core.codebook import Codebook
from tabml.study.trace import variable_meant

CODEBOOK = Codebook.model_validate({
    "sources": {"a": {"file": "a.csv"}},
    "variables": {
        "Creatinine (mg/dL)": {"kind": "number"},
        "hb": {"kind": "number", "label": "Haemoglobin (g/dL)"},
        "Weight [kg]": {"kind": "number"},
        "Weight, kg": {"kind": "number"},
    },
})  # fmt: skip


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Creatinine (mg/dL)", "Creatinine (mg/dL)"),
        ("creatinine", "Creatinine (mg/dL)"),
        ("haemoglobin", "hb"),
        ("HB", "hb"),
        ("Weight", "Weight"),  # two variables: the caller names the near miss
        ("absent", "absent"),
    ],
)
def test_variable_is_found_when_one_is_meant(text: str, meant: str) -> None:
    assert variable_meant(text, CODEBOOK) == meant


def test_a_number_is_told_in_full(tmp_path) -> None:
    from tabml.core.config import Data, StudyConfig
    from tabml.study.harmonised import harmonise_files
    from tabml.study.trace import trace_value

    (tmp_path / "a.csv").write_text("nr,ferritin\n1,1234567\n2,0.1\n3,\n", encoding="utf-8")
    (tmp_path / "c.yaml").write_text(
        "codebook: 1\nsources: {a: {file: a.csv, id: {column: nr}}}\nvariables:\n"
        "  nr: {kind: id, role: patient_id, from: {a: {column: nr, status: accepted}}}\n"
        "  ferritin: {kind: number, from: {a: {column: ferritin, status: accepted}}}\n",
        encoding="utf-8",
    )
    config = StudyConfig(data=Data(codebook=str(tmp_path / "c.yaml")))
    config = config.model_copy(update={"privacy": config.privacy.model_copy(update={"key_file": str(tmp_path / "k")})})
    harmonise_files([tmp_path / "a.csv"], config, tmp_path / "h")
    values = [
        trace_value(tmp_path / "h", "ferritin", raw_id=i, key_file=tmp_path / "k")[0].value for i in ("1", "2", "3")
    ]
    assert values == ["1234567", "0.1", "missing"]
