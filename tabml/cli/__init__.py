"""The command line: a table of verbs, and the one door through which every message and exit code leaves.

Nothing heavy is imported here: `tabml --help` reads the table below, and a verb's module is imported
when that verb is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence

#: verb -> (module, one-line help), in the order a study is made.
VERBS: dict[str, tuple[str, str]] = {
    "fit": ("tabml.cli.fit", "Files in, study out: cohort, models, honest estimates, report."),
    "summary": ("tabml.cli.summary", "Describe the data and their faults; no model is fitted."),
    "harmonise": ("tabml.cli.harmonise", "Propose a codebook for exports, or apply one: one clean table."),
    "trace": ("tabml.cli.trace", "Show the file, sheet, cell and rule behind one value of a study."),
    "predict": ("tabml.cli.predict", "Apply a model file to new patients."),
    "report": ("tabml.cli.report", "Write a study's pages again, without fitting."),
    "show": ("tabml.cli.show", "What a model file predicts, from what, and how well."),
    "models": ("tabml.cli.models", "List the models tabml can fit, and why one is not available."),
    "metrics": ("tabml.cli.metrics", "List the performance measures of each task."),
    "findings": ("tabml.cli.findings", "List every finding code: when it fires and what to do."),
    "config": ("tabml.cli.config", "List every setting, or show what a study file resolves to."),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run tabml and leave with its exit code."""
    import sys

    from tabml.cli.door import run

    sys.exit(run(sys.argv[1:] if arguments is None else list(arguments)))
