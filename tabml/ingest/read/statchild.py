"""SPSS, Stata and SAS files through pyreadstat, as a child: a damaged file can abort the library it stands on.

This file imports nothing of tabml. It writes one Arrow table to standard output; what the file says of its
columns stands in the table's metadata as JSON. A file that cannot be read gives `{"error": kind}` instead.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

KEY = b"tabml"
#: Encoding tried where the file's own does not hold; SPSS and Stata files before 2015 often do not name one.
OLD_ENCODING = "WINDOWS-1252"


def read(path: str, content: str) -> tuple[Mapping[str, Sequence[Any]], Any, str | None]:
    """(columns, metadata, encoding used instead of the file's own)."""
    import pyreadstat

    readers: dict[str, Callable[..., Any]] = {
        "sav": pyreadstat.read_sav, "por": pyreadstat.read_por, "dta": pyreadstat.read_dta,
        "sas7bdat": pyreadstat.read_sas7bdat, "xport": pyreadstat.read_xport,
    }  # fmt: skip
    how: dict[str, Any] = {"output_format": "dict"}
    if content in ("sav", "dta", "sas7bdat"):
        how["user_missing"] = True
    try:
        columns, about = readers[content](path, **how)
    except (pyreadstat.ReadstatError, UnicodeDecodeError) as error:
        if content == "por" or ("convert" not in str(error) and not isinstance(error, UnicodeDecodeError)):
            raise
        columns, about = readers[content](path, encoding=OLD_ENCODING, **how)
        return columns, about, OLD_ENCODING
    return columns, about, None


def add_formats(about: Any, catalogue: str) -> bool:
    """Add the labels that a SAS catalogue gives each column's codes, by the column's format; False: unreadable."""
    import pyreadstat

    try:
        _, book = pyreadstat.read_sas7bcat(catalogue, output_format="dict")
    except (pyreadstat.ReadstatError, UnicodeDecodeError):
        return False
    named = {column: book.value_labels.get(name) for column, name in about.variable_to_label.items()}
    about.variable_value_labels.update({column: levels for column, levels in named.items() if levels})
    return True


def facts(about: Any, encoding: str | None) -> dict[str, Any]:
    """The parts of the metadata that a codebook can use, by column name."""
    labels = {k: _pairs(v) for k, v in about.variable_value_labels.items()}
    ranges = {k: [[r["lo"], r["hi"]] for r in v] for k, v in about.missing_ranges.items()}
    return {
        "labels": {k: v for k, v in about.column_names_to_labels.items() if v},
        "levels": labels,
        "missing_ranges": ranges,
        "tags": dict(about.missing_user_values),
        "measure": dict(about.variable_measure),
        "formats": {k: v for k, v in about.original_variable_types.items() if v},
        "encoding": encoding,
        "file_label": about.file_label,
    }


def _pairs(levels: Mapping[Any, str]) -> list[list[Any]]:
    """Codes and labels; JSON objects would make texts of all codes."""
    return [[code, label] for code, label in levels.items()]


def table(columns: Mapping[str, Sequence[Any]], stated: dict[str, Any]) -> Any:
    """The Arrow table; a column of several types becomes texts, with Stata's and SAS's own missing marks as `.a`."""
    import pyarrow as pa

    arrays = [array(cells) for cells in columns.values()]
    made = pa.table(arrays, names=list(columns))
    return made.replace_schema_metadata({KEY: json.dumps(stated)})


def array(cells: Sequence[Any]) -> Any:
    """One column; '' is null."""
    import pyarrow as pa

    values = list(cells)
    kinds = {type(v) for v in values} - {type(None)}
    if kinds <= {str}:
        return pa.array([v or None for v in values], pa.string())
    if kinds <= {int, float}:
        return pa.array(values, pa.float64(), from_pandas=True)
    if str in kinds:
        return pa.array([_tagged(v) for v in values], pa.string())
    if kinds <= {date}:
        return pa.array(values, pa.date32())
    if kinds <= {date, datetime}:
        return pa.array(values, pa.timestamp("us"))
    if kinds <= {time}:
        return pa.array(values, pa.time64("us"))
    if kinds <= {time, timedelta}:
        return pa.array([_span(v) for v in values], pa.duration("us"))
    return pa.array([None if v is None else str(v) for v in values], pa.string())


def _tagged(value: Any) -> str | None:
    if value is None or value != value or value == "":
        return None
    if isinstance(value, str):
        return f".{value.lower()}" if len(value) == 1 and (value.isalpha() or value == "_") else value
    return f"{value:.15g}" if isinstance(value, int | float) else str(value)


def _span(value: Any) -> Any:
    return timedelta(hours=value.hour, minutes=value.minute, seconds=value.second) if isinstance(value, time) else value


def limit_memory(n_bytes: int) -> None:
    """Cap this process's address space where the platform can."""
    try:
        import resource
    except ImportError:
        return
    try:
        resource.setrlimit(resource.RLIMIT_AS, (n_bytes, n_bytes))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ValueError, OSError):
        return


def main(path: str, content: str, catalogue: str, memory: str) -> None:
    """Write the table of a file, or why there is none."""
    import pyarrow as pa
    import pyarrow.ipc

    limit_memory(int(memory))
    try:
        columns, about, encoding = read(path, content)
        added = add_formats(about, catalogue) if catalogue else None
        made = table(columns, {**facts(about, encoding), "catalogue": added})
    except ImportError:
        made = pa.table({}).replace_schema_metadata({KEY: json.dumps({"error": "ImportError"})})
    except BaseException as error:
        made = pa.table({}).replace_schema_metadata({KEY: json.dumps({"error": type(error).__name__})})
    with pyarrow.ipc.new_stream(sys.stdout.buffer, made.schema) as stream:
        stream.write_table(made)
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:5])
