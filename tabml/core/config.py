"""The one tree of settings: declared here, read from study file, environment and flags.

Order of precedence: default < study file < environment (`TABML_SPLIT__OUTER_FOLDS=10`) < flags and
`--set split.outer_folds=10`. The resolved tree is stored with the study and runs it again. A setting
left `None` where a preset speaks is filled by `resolve`.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from tabml.core.errors import ConfigError, did_you_mean
from tabml.core.strictyaml import load_yaml

Preset = Literal["quick", "standard", "publication"]


class Node(BaseModel):
    """A frozen group of settings; unknown keys are refused, docstrings below fields document them."""

    # A level or column named by a number (--set data.positive=2) is text.
    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True, use_attribute_docstrings=True)


class Data(Node):
    target: str | None = None
    """Column with the outcome (classification, regression)."""
    time: str | None = None
    """Column with the follow-up time of a survival outcome."""
    event: str | None = None
    """Column that says whether the event happened at the end of follow-up."""
    id: str | None = None
    """Column with the patient id; without one each row is a patient."""
    centre: str | None = None
    """Column with the hospital or centre."""
    positive: str | None = None
    """Level of the outcome that is to be predicted, when the word list cannot tell."""
    time_unit: Literal["days", "months", "years"] | None = None
    """Unit of the follow-up time, where neither header nor codebook says it; empty: days, with a warning."""
    codebook: str | None = None
    """Codebook file (yaml, or the workbook written from one) that says how the exports are read; nothing is guessed then."""
    keep: tuple[str, ...] = ()
    """Columns kept as predictors although the audit would set them aside."""
    missing: tuple[str, ...] = ()
    """Numbers that mean missing in one column, as COLUMN=NUMBER."""
    not_missing: tuple[str, ...] = ()
    """Numbers that look like a code for missing and are real, as COLUMN=NUMBER."""
    date_order: Literal["dmy", "mdy", "ymd", "undecided"] | None = None
    """Order of day, month and year where the files do not decide it; undecided: such dates are missing."""
    sheet: str | None = None
    """Sheet to read, where a workbook holds several tables."""
    header_row: int | None = Field(None, ge=1)
    """Row number (from 1) of the last header row, where it is not found by itself."""
    accept_score: float = Field(0.9, ge=0, le=1)
    """Proposed mappings below this score are refused without --yes."""
    max_cells: int = Field(50_000_000, ge=1)
    """Workbooks whose tables span more cells are refused."""
    max_unpacked: int = Field(2_000_000_000, ge=1)
    """Workbooks whose parts unpack to more bytes are refused."""
    max_ratio: float = Field(200, gt=1)
    """Workbooks that unpack to more than so many times their size are refused as archive bombs."""


class TargetNode(Node):
    horizons: tuple[str, ...] = ()
    """Times at which survival risks are reported, such as 1y or 90d; empty: chosen from follow-up."""


class Split(Node):
    outer_folds: int | None = Field(None, ge=2)
    """How many folds measure performance; empty: 2 to 5 by the number of events."""
    repeats: int | None = Field(None, ge=1)
    """How often the folds are drawn again; empty: 1, or 10 below 10 events. A nested plan has its own rotation."""


class Prep(Node):
    missing_flags: bool | None = None
    """Add a 0/1 column for each variable with missing values; empty: the preset decides."""
    max_missing: float = Field(0.6, gt=0, le=1)
    """Columns with a larger missing share are left out of models that need complete data."""
    rare_level: int = Field(5, ge=1)
    """Levels with fewer training patients are read as 'other'; `privacy.small_cell` where that is larger."""


class Features(Node):
    force: tuple[str, ...] = ()
    """Predictors that stay although more than `prep.max_missing` of them is missing."""


class Search(Node):
    models: tuple[str, ...] = ()
    """Models to try, by name; empty: the portfolio of the preset."""
    trials: int | None = Field(None, ge=0)
    """Optuna trials after the portfolio; empty: the preset's gate decides."""
    plugins: tuple[str, ...] = ()
    """Python files that register further models."""

    @field_validator("models", mode="before")
    @classmethod
    def _null_is_a_model(cls, names: Any) -> Any:
        """In YAML a bare `null` is nothing; in this list it is the null model."""
        return ["null" if name is None else name for name in names] if isinstance(names, list) else names


class Final(Node):
    choice: Literal["blend", "simple", "best"] = "blend"
    """Which model is shipped: the calibrated blend, the simplest within one SE, or the best single one."""


class EstimateNode(Node):
    method: Literal["bbc", "nested"] | None = None
    """How the headline is corrected for selection: bootstrap bias-corrected CV, or nested CV."""
    resamples: int = Field(1000, ge=100)
    """Bootstrap resamples of every interval."""
    leave_one_centre_out: bool = True
    """Leave each centre out once, whenever there are two or more."""


class AuditNode(Node):
    mute: tuple[str, ...] = ()
    """Finding codes not shown at the top; the report lists that they were muted."""
    leak_score: float = Field(0.95, gt=0.5, le=1)
    """A single column that predicts the outcome better than this is set aside (TB140)."""
    leak_gap: float = Field(0.25, gt=0, le=1)
    """A single column this far above the next unrelated one is set aside too (TB140), if it is strong by itself."""
    gap_score: float = Field(0.9, ge=0.5, le=1)
    """Strong by itself, for the rule of the gap: AUC or C-index above this."""
    gap_r2: float = Field(0.8, ge=0, le=1)
    """Strong by itself, for the rule of the gap: R squared above this."""


class ReportNode(Node):
    example_patients: int = Field(2, ge=0, le=10)
    """Patients explained one by one in the local report."""
    thresholds: tuple[float, ...] = ()
    """Risk thresholds stated beforehand, for sensitivity, specificity and predictive values."""
    title: str | None = None
    """Title of the report; empty: made from the outcome."""


class Privacy(Node):
    key_file: str | None = None
    """File with the site key that makes pseudonyms; empty: the user data folder."""
    small_cell: int = Field(5, ge=2)
    """Levels and quantiles that fewer patients stand behind are merged in the summary, left out of the model file."""


class ExecutorNode(Node):
    kind: Literal["loky", "inline"] = "loky"
    """Where fits run: worker processes, or this process."""
    workers: int | None = Field(None, ge=1)
    """Worker processes; empty: one per core."""


class Limits(Node):
    time: str | None = None
    """Cap on the wall time of the whole command, such as 5m; a capped run says so."""


class StudyConfig(Node):
    """Everything a study is run with."""

    preset: Preset = "standard"
    """How much is searched: quick, standard or publication."""
    seed: int = Field(1, ge=0)
    """Start of every random choice; the same seed gives the same tables."""
    data: Data = Data()
    target: TargetNode = TargetNode()
    split: Split = Split()
    prep: Prep = Prep()
    features: Features = Features()
    search: Search = Search()
    final: Final = Final()
    estimate: EstimateNode = EstimateNode()
    audit: AuditNode = AuditNode()
    report: ReportNode = ReportNode()
    privacy: Privacy = Privacy()
    executor: ExecutorNode = ExecutorNode()
    limits: Limits = Limits()
    out: str | None = None
    """Study folder; empty: the first input's name with -study."""


#: What each preset says where the tree is silent. Presets set trials, never time.
PRESETS: dict[Preset, dict[str, Any]] = {
    "quick": {"estimate.method": "bbc", "prep.missing_flags": False, "search.trials": 0},
    "standard": {"estimate.method": "bbc", "prep.missing_flags": False},
    "publication": {"estimate.method": "nested", "prep.missing_flags": False, "search.trials": 0},
}

RESERVED_ENVIRONMENT = ("TABML_STORE_URL", "TABML_SERVE_TOKEN", "TABML_KEY_FILE", "TABML_PASSWORD", "TABML_TEST_")
#: Settings that hold paths: read relative to the study file that names them, stored as base names.
PATH_SETTINGS = ("data.codebook", "privacy.key_file", "search.plugins", "out")
NOT_IN_HASH = ("executor", "out", "limits")


def settings() -> Iterator[tuple[str, Any, str]]:
    """Every setting as (dotted path, default, docstring), in declaration order."""

    def walk(node: type[BaseModel], prefix: str) -> Iterator[tuple[str, Any, str]]:
        for name, info in node.model_fields.items():
            annotation = info.annotation
            if isinstance(annotation, type) and issubclass(annotation, Node):
                yield from walk(annotation, f"{prefix}{name}.")
            else:
                yield f"{prefix}{name}", info.default, info.description or ""

    yield from walk(StudyConfig, "")


def load_config(
    file: Path | None = None,
    *,
    flags: Mapping[str, Any] | None = None,
    assignments: Iterable[str] = (),
    environment: Mapping[str, str] | None = None,
) -> StudyConfig:
    """Build the tree from a study file, the environment, `--set` assignments and named flags.

    `file` is a path or the name of a shipped study file (see `study_file`). `flags` maps dotted paths to
    values; None means "not given". A path named both by a flag and by `--set` is a ConfigError, as is an
    unknown key (with the near miss).
    """
    tree = _read_tree(study_file(file)) if file is not None else {}
    for path, value in _from_environment(os.environ if environment is None else environment):
        _assign(tree, path, value)
    given = {path: value for path, value in (flags or {}).items() if value not in (None, ())}
    for path, value in given.items():
        _assign(tree, path, value)
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        path = path.strip()
        if not equals or not path:
            raise ConfigError(f"--set {assignment!r} is not PATH=VALUE", hint="e.g. --set split.outer_folds=10")
        if path in given:
            raise ConfigError(f"{path} is set twice: by its own option and by --set", hint="use one of them")
        _assign(tree, path, load_yaml(text, f"--set {path}"))
    return parse_config(tree, where=file.name if file else None)


def configs_folder() -> Path:
    """Folder of the study files tabml ships: inside an installed package, beside it in a clone."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "configs"
    return inside if inside.is_dir() else package.parent / "configs"


def study_file(name: Path | str) -> Path:
    """The study file meant: a path as given, or a shipped one by its bare name, such as `survival`."""
    path = Path(name)
    shipped = configs_folder() / f"{path.name.removesuffix('.yaml')}.yaml"
    return shipped if not path.exists() and path.name == str(path) and shipped.is_file() else path


def parse_config(tree: Mapping[str, Any], where: str | None = None) -> StudyConfig:
    """Validate a plain tree; all faults are named in one ConfigError."""
    try:
        return StudyConfig.model_validate(tree)
    except ValidationError as error:
        raise ConfigError(_explain(error), where=where, hint=_hint(error)) from None


def resolve(config: StudyConfig) -> StudyConfig:
    """Fill what the preset decides; settings that were given stay."""
    tree = config.model_dump()
    for path, value in PRESETS[config.preset].items():
        node, key = _descend(tree, path)
        if node[key] is None:
            node[key] = value
    return parse_config(tree)


def with_setting(config: StudyConfig, path: str, value: Any) -> StudyConfig:
    """The tree with one setting changed."""
    tree = config.model_dump()
    _assign(tree, path, value)
    return parse_config(tree)


def shareable(config: StudyConfig) -> dict[str, Any]:
    """The tree as plain data in which every path is a base name: what a study stores and hashes.

    `out` is left empty: where a study stands is none of its results.
    """
    tree = config.model_dump(mode="json") | {"out": None}
    for path in PATH_SETTINGS[:-1]:
        node, key = _descend(tree, path)
        node[key] = (
            [Path(v).name for v in node[key]] if isinstance(node[key], list) else node[key] and Path(node[key]).name
        )
    return tree


def config_sha256(config: StudyConfig) -> str:
    """Hash of what decides the numbers: executor, out and limits are left out."""
    tree = {k: v for k, v in shareable(config).items() if k not in NOT_IN_HASH}
    return hashlib.sha256(json.dumps(tree, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def seconds(text: str) -> float:
    """Read a duration such as 90s, 5m or 1h in seconds.

    >>> seconds("5m")
    300.0
    """
    units = {"s": 1.0, "m": 60.0, "h": 3600.0}
    try:
        unit = units.get(text.strip()[-1:])
        value = float(text.strip()[:-1]) * unit if unit else float(text)
    except ValueError:
        value = -1.0
    if not value > 0:
        raise ConfigError(f"{text!r} is not a duration", hint="e.g. 90s, 5m or 1h")
    return value


def _read_tree(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise ConfigError(f"study file cannot be read: {reason}", where=file.name, hint="check --config") from None
    tree = load_yaml(text, file.name)
    if tree is None:
        return {}
    if not isinstance(tree, dict):
        raise ConfigError("a study file holds settings, one `key: value` a line", where=file.name)
    # A stored study.yaml carries the tree under `config`, beside versions and hashes.
    if "config" in tree and "software" in tree:
        tree = tree["config"]
    return _beside(dict(tree), file.parent)


def _beside(tree: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Paths in a study file are meant from the folder it stands in; `out` is meant from where one stands."""
    for path in PATH_SETTINGS[:-1]:
        node: Any = tree
        *parents, key = path.split(".")
        for parent in parents:
            node = node.get(parent) if isinstance(node, dict) else None
        if isinstance(node, dict) and node.get(key):
            value = node[key]
            node[key] = [str(folder / v) for v in value] if isinstance(value, list) else str(folder / str(value))
    return tree


def _from_environment(environment: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    top = set(StudyConfig.model_fields)
    for name in sorted(environment):
        if not name.startswith("TABML_") or name.startswith(RESERVED_ENVIRONMENT):
            continue
        path = name.removeprefix("TABML_").lower().replace("__", ".")
        if path.split(".")[0] not in top:
            raise ConfigError(
                f"environment variable {name} names no setting", hint=did_you_mean(path.split(".")[0], top)
            )
        yield path, load_yaml(environment[name], name)


def _descend(tree: dict[str, Any], path: str) -> tuple[dict[str, Any], str]:
    *parents, key = path.split(".")
    node = tree
    for parent in parents:
        node = node.setdefault(parent, {})
        if not isinstance(node, dict):
            raise ConfigError(f"unknown setting {path!r}", hint=did_you_mean(path, [p for p, _, _ in settings()]))
    return node, key


def _assign(tree: dict[str, Any], path: str, value: Any) -> None:
    known = [p for p, _, _ in settings()]
    if path not in known:
        raise ConfigError(f"unknown setting {path!r}", hint=did_you_mean(path, known))
    node, key = _descend(tree, path)
    default = next(d for p, d, _ in settings() if p == path)
    node[key] = [value] if isinstance(default, tuple) and isinstance(value, str | int | float) else value


def _explain(error: ValidationError) -> str:
    parts = []
    for fault in error.errors():
        path = ".".join(str(p) for p in fault["loc"])
        if fault["type"] == "extra_forbidden":
            parts.append(f"unknown setting {path!r}")
        else:
            parts.append(f"{path}: {fault['msg'].lower()}")
    return "; ".join(parts)


def _hint(error: ValidationError) -> str | None:
    known = [path for path, _, _ in settings()]
    groups = sorted({p.rsplit(".", 1)[0] for p in known if "." in p})
    for fault in error.errors():
        if fault["type"] == "extra_forbidden":
            return did_you_mean(".".join(str(p) for p in fault["loc"]), [*known, *groups])
    return "tabml config lists every setting with its bounds"
