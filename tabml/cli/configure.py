"""The options that are settings: each is one path of the tree, and they are declared here once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from tabml.core.config import StudyConfig

Command = TypeVar("Command", bound=Callable[..., Any])

#: option -> (path in the tree, click settings). The order is the order of the help page.
SETTINGS: dict[str, tuple[str, dict[str, Any]]] = {
    "--target": ("data.target", {"metavar": "COL", "help": "Column with the outcome."}),
    "--time": ("data.time", {"metavar": "COL", "help": "Column with the follow-up time."}),
    "--event": ("data.event", {"metavar": "COL", "help": "Column that says whether the event happened."}),
    "--id": ("data.id", {"metavar": "COL", "help": "Column with the patient id."}),
    "--centre": ("data.centre", {"metavar": "COL", "help": "Column with the hospital or centre."}),
    "--positive": ("data.positive", {"metavar": "LEVEL", "help": "Level of the outcome that is predicted."}),
    "--codebook": ("data.codebook", {"metavar": "FILE", "help": "Codebook: with it nothing is guessed."}),
    "--sheet": ("data.sheet", {"metavar": "NAME", "help": "Sheet to read."}),
    "--header-row": ("data.header_row", {"type": int, "metavar": "N", "help": "Row number of the header."}),
    "--keep": ("data.keep", {"multiple": True, "metavar": "COL", "help": "Keep this column as a predictor."}),
    "--missing": ("data.missing", {"multiple": True, "metavar": "COL=NUMBER", "help": "This number means missing."}),
    "--not-missing": ("data.not_missing", {"multiple": True, "metavar": "COL=NUMBER", "help": "This number is real."}),
    "--horizon": ("target.horizons", {"metavar": "1y,5y", "help": "Times of the survival risks."}),
    "--preset": ("preset", {"type": click.Choice(["quick", "standard", "publication"]), "help": "How much is searched."}),
    "--trials": ("search.trials", {"type": int, "metavar": "N", "help": "Optuna trials after the portfolio."}),
    "--time-limit": ("limits.time", {"metavar": "5m", "help": "Cap on the wall time; a capped run says so."}),
    "--workers": ("executor.workers", {"type": int, "metavar": "N", "help": "Worker processes."}),
    "--final": ("final.choice", {"type": click.Choice(["blend", "simple", "best"]), "help": "Which model is shipped."}),
    "--estimate": ("estimate.method", {"type": click.Choice(["bbc", "nested"]), "help": "How the headline is corrected."}),
    "--plugin": ("search.plugins", {"multiple": True, "metavar": "FILE.py", "help": "File with a further model."}),
    "--key": ("privacy.key_file", {"metavar": "FILE", "help": "Site key that makes pseudonyms."}),
    "--seed": ("seed", {"type": int, "metavar": "N", "help": "Start of every random choice."}),
    "--out": ("out", {"metavar": "DIR", "help": "Folder for the study; it must be new or empty."}),
}  # fmt: skip
COMMA_SEPARATED = ("target.horizons",)


def setting_options(*names: str) -> Callable[[Command], Command]:
    """Options for these settings, plus `--config` and `--set`; the verb receives them as one mapping.

    The decorated function takes `config_file`, `assignments` and one keyword per option, named by its path
    with `.` as `__`; `from_options` turns them into the tree.
    """

    def decorate(command: Command) -> Command:
        command = click.option(
            "--set", "assignments", multiple=True, metavar="PATH=VALUE", help="Any setting; tabml config lists them."
        )(command)
        command = click.option(
            "--config", "config_file", metavar="FILE", help="Study file, or quick, standard, publication, survival."
        )(command)
        for option in reversed(names):
            path, settings = SETTINGS[option]
            command = click.option(option, parameter(path), **settings)(command)
        return command

    return decorate


def from_options(options: Mapping[str, Any]) -> StudyConfig:
    """The tree that these options, the environment and the study file make."""
    from tabml.core.config import load_config

    flags = {path: _value(path, options.get(parameter(path))) for path, _ in SETTINGS.values()}
    file = options.get("config_file")
    return load_config(Path(file) if file else None, flags=flags, assignments=options.get("assignments", ()))


def parameter(path: str) -> str:
    """The keyword under which a verb receives a setting."""
    return path.replace(".", "__")


def _value(path: str, value: Any) -> Any:
    if path in COMMA_SEPARATED and value is not None:
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


#: A path as typed: whether it can be read is told by the reader, with its exit code and what to do.
AnyPath = click.Path(path_type=Path, readable=False)
inputs_argument = click.argument("inputs", nargs=-1, required=True, metavar="INPUT...", type=AnyPath)
yes_option = click.option("--yes", is_flag=True, help="Take the safe answer to every question, with a finding.")
