"""Help and completion import no heavy library; the seconds are printed by a benchmark."""

import subprocess
import sys

import pytest

HEAVY = {"pydantic", "numpy", "pandas", "pyarrow", "scipy", "sklearn", "xgboost", "torch", "optuna", "shap", "lifelines",
         "matplotlib", "statsmodels", "yaml", "rich", "jinja2", "python_calamine", "xlsxwriter"}  # fmt: skip


def imported_by(*arguments: str) -> set[str]:
    """Top-level modules in a fresh process that ran tabml with these arguments."""
    code = (
        "import sys\nfrom tabml.cli.door import run\n"
        f"code = run({list(arguments)!r})\n"
        "print(code, ' '.join(sorted({m.split('.')[0] for m in sys.modules})), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=True)
    last = done.stderr.strip().splitlines()[-1].split()
    assert last[0] == "0"
    return set(last[1:])


@pytest.mark.parametrize("arguments", [["--help"], ["fit", "--help"], ["predict", "--help"], ["--version"]])
def test_help_imports_no_heavy_library(arguments: list[str]) -> None:
    assert imported_by(*arguments) & HEAVY == set()


def test_findings_list_needs_no_pydantic() -> None:
    assert imported_by("findings") & HEAVY == set()


def test_config_list_needs_no_tables() -> None:
    assert imported_by("config") & (HEAVY - {"pydantic", "yaml"}) == set()
