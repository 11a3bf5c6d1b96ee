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
