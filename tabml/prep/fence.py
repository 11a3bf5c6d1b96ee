"""The fence: how far out a number still counts in full for a model that adds up its columns.

One slip (a decimal point lost, a sentinel) would otherwise be the mean and the spread of the column, and the
slope of everyone else. Models that only compare numbers need none.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tabml.core.weighting import weighted_quantiles
from tabml.prep.columns import ColumnPlan, Floats, Reading

#: The quantiles that say where most patients lie; a tenth of the cells at either end may be slips.
OUTER = (0.1, 0.9)
#: How many times the distance between them a number may lie beyond: 11.5 SD of a normal variable.
REACH = 4.0
#: Fewer measured rows tell nothing of a tenth.
FEWEST = 20


def learn_fence(plan: ColumnPlan, reading: Reading, share: Floats | None = None) -> ColumnPlan:
    """The plan with its fence; none for levels, for few rows, and where four fifths hold one value.

    Both bounds lie far from the quantiles they rest on, so neither is a patient's value. `share` (n,): rows of one
    patient count as one together.
    """
    if plan.kind not in ("number", "integer"):
        return plan
    seen = ~reading.missing
    if seen.sum() < FEWEST:
        return plan
    weight = np.ones(len(seen)) if share is None else share
    low, high = weighted_quantiles(reading.values[seen, 0], weight[seen], OUTER)
    reach = REACH * (high - low)
    return replace(plan, fence=(float(low - reach), float(high + reach))) if reach > 0 else plan
