"""The repository keeps its word: files load, pages are current, nothing of a developer's machine is committed."""

from __future__ import annotations

import csv
import importlib.util
import re
import subprocess
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

from tabml.core.codebook import Codebook, ColumnMapping, IdColumn, Join, Repeats, Source, VariableSpec
from tabml.core.config import StudyConfig, configs_folder, load_config
from tabml.core.findings import KINDS, RESERVED

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = (
    'pip install -c constraints.txt -e ".[nn]" && tabml fit examples/heart4/exports'
    " --codebook examples/heart4/codebook.yaml --out heart4-study",
    'pip install -c constraints.txt -e ".[all,dev]" && pytest',
)
MADE = {"build", "dist", "__pycache__"}
HIDDEN = {".ci", ".gitignore"}
TEXT = {".py", ".md", ".yaml", ".toml", ".txt", ".html", ".j2", ".css", ".csv", ".json", ""}


def committed() -> list[Path]:
    """Tracked and new files; in a copy without git, every file outside caches."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=False,
    )  # fmt: skip
    if listed.returncode == 0:
        names = listed.stdout.decode("utf-8").split("\0")
        return [ROOT / name for name in names if name and (ROOT / name).is_file()]
    return [p for p in ROOT.rglob("*") if p.is_file() and not any(map(made, p.relative_to(ROOT).parts))]


def made(part: str) -> bool:
    """Whether a folder or file of this name is made by tools and runs, not written by us."""
    return part in MADE or part.endswith(("_cache", "-study")) or (part.startswith(".") and part not in HIDDEN)


def texts() -> list[tuple[str, str]]:
    """(name, text) of every committed text file but this one."""
    files = [p for p in committed() if p.suffix in TEXT and p != Path(__file__).resolve()]
    return [(p.relative_to(ROOT).as_posix(), p.read_text(encoding="utf-8", errors="replace")) for p in files]


def load_script(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_readme_prints_both_commands_exactly():
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("pip install -c")] == list(COMMANDS)


@pytest.mark.parametrize("name", ["quick", "standard", "publication", "survival"])
def test_shipped_study_file_loads_by_name(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = load_config(Path(name), environment={})
    assert made.preset == (name if name != "survival" else "standard")


def test_every_shipped_study_file_is_known_here():
    assert sorted(p.stem for p in configs_folder().glob("*.yaml")) == ["publication", "quick", "standard", "survival"]


@pytest.mark.parametrize("file", sorted(ROOT.glob("examples/*/study.yaml")), ids=lambda p: p.parent.name)
def test_example_study_file_loads_and_names_columns_that_exist(file):
    made = load_config(file, environment={})
    assert isinstance(made, StudyConfig)
    data = next(p for p in file.parent.iterdir() if p.suffix in (".csv", ".data"))
    with data.open(encoding="utf-8", newline="") as lines:
        header = next(csv.reader(lines))
    named = [made.data.target, made.data.time, made.data.event, made.data.id]
    assert [column for column in named if column and column not in header] == []


def test_every_example_has_a_readme():
    folders = [p for p in (ROOT / "examples").iterdir() if p.is_dir() and p.name != "__pycache__"]
    assert len(folders) >= 6
    assert [p.name for p in folders if not (p / "README.md").is_file()] == []


def test_generated_pages_are_current():
    pages = load_script(ROOT / "docs" / "generate.py").PAGES
    stale = [n for n, page in pages.items() if (ROOT / "docs" / n).read_text(encoding="utf-8") != page()]
    assert stale == [], "run: python docs/generate.py"


def test_every_finding_code_the_package_names_is_registered():
    used = {code for name, text in texts() if name.startswith("tabml/") for code in re.findall(r"\bTB\d{3}\b", text)}
    assert sorted(used - set(KINDS)) == []


def test_every_finding_is_raised_somewhere_or_listed_as_reserved():
    said = "\n".join(text for name, text in texts() if name.startswith("tabml/") and name != "tabml/core/findings.py")
    raised = {code for code in KINDS if f'"{code}"' in said}
    assert set(KINDS) - raised == RESERVED, "a code that is raised now leaves core.findings.RESERVED"


def test_clean_workbooks_are_what_their_script_writes(tmp_path):
    from python_calamine import CalamineWorkbook

    load_script(ROOT / "examples" / "clean" / "make_workbooks.py").main(tmp_path)
    for name in ("cohort.xlsx", "ambiguous.xlsx"):
        made, kept = (
            CalamineWorkbook.from_path(folder / name).get_sheet_by_index(0).to_python()
            for folder in (tmp_path, ROOT / "examples" / "clean")
        )
        assert made == kept


def test_tutorial_prints_the_plugin_that_is_shipped():
    plugin = (ROOT / "examples" / "plugin" / "discriminant.py").read_text(encoding="utf-8")
    assert f"```python\n{plugin}```" in (ROOT / "docs" / "adding_a_model.md").read_text(encoding="utf-8")


def test_every_name_the_pages_import_is_there():
    lines = {
        line for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
        for line in re.findall(r"^from tabml.*$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    }  # fmt: skip
    assert len(lines) >= 3
    for line in sorted(lines):
        exec(line, {})


def test_every_key_of_a_codebook_is_explained():
    page = (ROOT / "docs" / "codebook.md").read_text(encoding="utf-8")
    keys = {
        (info.alias or key) for node in (Codebook, Source, Repeats, Join, IdColumn, VariableSpec, ColumnMapping)
        for key, info in node.model_fields.items()
    }  # fmt: skip
    assert sorted(key for key in keys if not re.search(rf"`[^`]*\b{key}\b[^`]*`|\b{key}:", page)) == []


def test_no_path_of_a_developers_machine_is_committed():
    place = re.compile(r"""(?<![\w.])/(?:root|work|opt)/[\w.-]|\.\./shared|file://""")
    user = re.compile(r"""(?<![\w.])/(?:home|Users|mnt|tmp)/[\w.-]""")
    found = [name for name, text in texts() if place.search(text)]
    found += [name for name, text in texts() if not name.startswith("tests/") and user.search(text)]
    assert found == []


def test_nothing_is_left_to_be_written():
    loose = re.compile(r"\b(?:TODO|FIXME|XXX)\b|raise NotImplementedError")
    code = [(name, text) for name, text in texts() if name.startswith(("tabml/", "tests/", "benchmarks/", "examples/"))]
    assert [name for name, text in code if loose.search(text)] == []


def test_links_of_the_pages_lead_somewhere():
    dead = []
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)\)", page.read_text(encoding="utf-8")):
            if not target.startswith("https://") and not (page.parent / target).exists():
                dead.append((page.name, target))
    assert dead == []


def test_each_dependency_is_pinned_and_named_with_its_licence():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    lines = [*project["dependencies"], *extras["nn"], *extras["formats"], *extras["dev"]]
    names = {re.match(r"[A-Za-z0-9_.-]+", line)[0].lower().replace("_", "-") for line in lines}
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").lower().replace("_", "-")
    licences = (ROOT / "THIRD_PARTY.md").read_text(encoding="utf-8").lower()
    assert sorted(n for n in names if f"\n{n}==" not in pins) == []
    assert sorted(n for n in names if n not in licences) == []


def test_pinned_torch_is_the_tested_one():
    assert "torch==2.13.0" in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
