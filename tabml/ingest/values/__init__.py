"""Values: typed readings of single cells, by rules that a codebook states and a reader can check."""

from tabml.ingest.values.cells import cell_text
from tabml.ingest.values.dates import (
    DateEvidence,
    DateOrder,
    DateReading,
    date_evidence,
    day_first,
    from_excel_serial,
    full_year,
    parse_date,
    read_date,
)
from tabml.ingest.values.numbers import (
    Decimal,
    DecimalEvidence,
    decimal_mark,
    parse_bound,
    parse_number,
    split_bound,
    split_pair,
    split_unit_cell,
)
from tabml.ingest.values.vectors import full_days, holds_only, plain_numbers, starts_with_digit
from tabml.ingest.values.words import MISSING_BY_LANGUAGE, MISSING_WORDS, fold, is_missing

__all__ = [
    "MISSING_BY_LANGUAGE",
    "MISSING_WORDS",
    "DateEvidence",
    "DateOrder",
    "DateReading",
    "Decimal",
    "DecimalEvidence",
    "cell_text",
    "date_evidence",
    "day_first",
    "decimal_mark",
    "fold",
    "from_excel_serial",
    "full_days",
    "full_year",
    "holds_only",
    "is_missing",
    "parse_bound",
    "parse_date",
    "parse_number",
    "plain_numbers",
    "read_date",
    "split_bound",
    "split_pair",
    "split_unit_cell",
    "starts_with_digit",
]
