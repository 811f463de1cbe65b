"""Error groups in words: a name, one sentence, and how values are called."""

from __future__ import annotations

import math
from collections.abc import Sequence

from analyzers.errors.groups import ErrorGroup
from analyzers.findings import Cause, Contrast


def title(group: ErrorGroup) -> str:
    """Return the name of a group for people: exception and message, on one line.

    A name that somebody gave it wins.
    """
    if group.name:
        return group.name
    lines = group.message.strip().splitlines()
    message = " ".join(lines[0].split()) if lines else ""
    if len(message) > 160:
        message = message[:157] + "..."
    kind = group.type.rpartition(".")[2]
    return message if group.type == "log" else f"{kind}: {message}" if message else kind


def summarise(
    group: ErrorGroup, contrasts: Sequence[Contrast], versions: Sequence[str], failed: int
) -> str:
    """Return one sentence: what, where, how often, on which version, and what goes with it."""
    place = f" in {group.culprit}" if group.culprit else ""
    times = "once" if group.count == 1 else f"{group.count:,} times"
    sentence = f"{group.type.rpartition('.')[2]}{place}, {times}"
    if len(versions) == 1:
        sentence += f", only on version {versions[0]}"
    if not contrasts:
        reason = "no request data to compare with" if not failed else "no value stands out"
        return f"{sentence}; {reason}."
    best = contrasts[0]
    tied = [c for c in contrasts[1:] if abs(c.excess - best.excess) < 0.01]
    sentence += (
        f"; goes with {describe_value(best.field, best.value)} "
        f"({share_text(best.share)} of its failed requests, "
        f"{share_text(best.other_share)} of the others)"
    )
    if tied:
        sentence += " and equally with " + ", ".join(
            describe_value(c.field, c.value) for c in tied[:2]
        )
    return sentence + "."


def share_text(value: float) -> str:
    """Return a share as per cent, without hiding that it is not quite 0 or 100."""
    if value in (0.0, 1.0):
        return f"{value:.0%}"
    if value > 0.999:
        return ">99.9%"
    return "<0.1%" if value < 0.001 else f"{value:.1%}"


def strength_text(cause: Cause) -> str:
    """Return lift and p-value of a cause in brackets, or nothing where it has neither."""
    words = []
    if cause.lift is not None and cause.lift > 1:
        words.append(f"lift {cause.lift:.1f}" if cause.lift < 100 else f"lift {cause.lift:,.0f}")
    if cause.p is not None:
        exponent = math.ceil(math.log10(max(cause.p, 1e-300)))
        words.append(f"p < 1e{exponent}" if exponent <= -3 else f"p = {cause.p:.2g}")
    return f" ({', '.join(words)})" if words else ""


def describe_value(field: str, value: str) -> str:
    """Return a field and value for people, such as ``missing feature temperature``."""
    if field == "ml.features.missing":
        return f"missing feature {value}"
    if field == "ml.features.invalid":
        return f"infinite feature {value}"
    for prefix, word in (("ml.segment.", "segment "), ("ml.features.category.", "feature ")):
        if field.startswith(prefix):
            return f"{word}{field.removeprefix(prefix)} = {value}"
    names = {"ml.model.name": "model", "ml.model.version": "model version", "host.name": "host"}
    return f"{names.get(field, field)} {value}"
