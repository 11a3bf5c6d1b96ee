"""Shapes: how a table's rows and columns carry time, told from headers and values, for whoever proposes a codebook."""

from tabml.ingest.shapes.rows import LongShape, StackedEndpoints, long_shape, stacked_endpoints
from tabml.ingest.shapes.visits import VisitGroup, later_headers, visit_groups

__all__ = [
    "LongShape",
    "StackedEndpoints",
    "VisitGroup",
    "later_headers",
    "long_shape",
    "stacked_endpoints",
    "visit_groups",
]
