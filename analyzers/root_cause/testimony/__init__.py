"""Witnesses: each looks at one thing that may have caused an error group.

A new one is a file with a function of a case, and one line here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from analyzers.findings import Cause
from analyzers.root_cause.case import Case
from analyzers.root_cause.testimony.arrivals import testify_arrivals
from analyzers.root_cause.testimony.changes import testify_changes
from analyzers.root_cause.testimony.features import testify_features
from analyzers.root_cause.testimony.growth import testify_growth
from analyzers.root_cause.testimony.libraries import testify_libraries
from analyzers.root_cause.testimony.neighbours import testify_neighbours
from analyzers.root_cause.testimony.pairs import testify_pairs
from analyzers.root_cause.testimony.resources import testify_resources
from analyzers.root_cause.testimony.upstream import testify_upstream
from analyzers.root_cause.testimony.values import testify_values

Witness = Callable[[Case], Sequence[Cause]]

WITNESSES: tuple[Witness, ...] = (
    testify_changes,
    testify_arrivals,
    testify_resources,
    testify_growth,
    testify_upstream,
    testify_neighbours,
    testify_values,
    testify_pairs,
    testify_libraries,
    testify_features,
)
