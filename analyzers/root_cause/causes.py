"""How causes are compared: what explains more, and what lies deeper."""

from __future__ import annotations

from analyzers.findings import Cause, CauseKind

DEPTH: dict[CauseKind, int] = {
    "change": 0,
    "resource": 1,
    "upstream": 2,
    "restart": 3,
    "missing-feature": 4,
    "feature": 5,
    "value": 6,
}
"""Of two causes that explain equally much, the one that explains the other comes first."""

MINIMUM_SCORE = 0.25
"""Below it a candidate explains too little to be named a cause."""

TIE = 0.02
"""Difference in score within which two causes are a tie."""


TOGETHER = " and "
"""Joins the fields, and the values, of a cause that is two conditions."""

NODE = "service.node.name"
"""Names a process of a service: another one after each restart."""

EVERYWHERE = "all hosts"
"""Value of a cause that is on every host."""

VERSIONS = ("ml.model.version", "service.version")
"""Fields of what runs: they explain where it runs, not the other way round."""


def order_of(cause: Cause) -> tuple[float, int, bool, str, str]:
    """Return what causes are sorted by: score, depth, name."""
    return (
        -round(cause.score / TIE),
        DEPTH[cause.category],
        cause.field not in VERSIONS,
        cause.field,
        cause.value,
    )
