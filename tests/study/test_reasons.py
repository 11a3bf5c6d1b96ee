"""What could not be explained says what would help."""

from __future__ import annotations

from tabml.core.errors import DependencyError
from tabml.core.findings import KINDS
from tabml.study.reasons import _unexplained


def test_a_missing_library_is_the_remedy_of_a_missing_explanation() -> None:
    found = _unexplained(DependencyError("SHAP needs shap", hint="pip install shap"))
    assert (found.code, found.remedy) == ("TB310", "pip install shap")
    assert _unexplained(ValueError("x")).remedy == KINDS["TB310"].remedy
