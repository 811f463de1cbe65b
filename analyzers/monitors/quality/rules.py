"""What data must be like: rules that people declare, and proposals learned from a reference."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from analyzers.monitors.references.profiles import CategoryProfile, ColumnProfile, NumberProfile
from analyzers.monitors.references.tables import LENGTH

OPERATORS = ("<=", ">=", "==", "!=", "<", ">")
"""How two columns may be compared; longer ones first, as they are looked for."""

_COMPARISON = re.compile(rf"({'|'.join(map(re.escape, OPERATORS))})\s*(\S.*)")

MOST_VALUES = 30
"""Categories up to which a proposal lists them."""

MINIMUM_ROWS = 100
"""Rows of a reference from which something is proposed."""


@dataclass(frozen=True, slots=True)
class QualityRule:
    """What the values of one column must be like.

    Attributes:
        column: The column: a feature, `score`, `value` or `label`, or a column of a file.
        type: `number` or `category`.
        complete: Share of the rows that must have a value.
        minimum: Smallest value that is allowed.
        maximum: Largest value that is allowed.
        values: The only values that are allowed.
        pattern: Regular expression that the whole value must match.
        unique: Whether no value may come twice.
        compare: What holds between this column and another one in each row, such as
            `<= total`; `== truth` measures the accuracy against a declared truth.
        tolerance: Share of the values that may break the rule.

    Raises:
        ValueError: If the rule asks for nothing, or for what cannot be.
    """

    column: str
    type: str | None = None
    complete: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str, ...] = ()
    pattern: str | None = None
    unique: bool = False
    compare: str | None = None
    tolerance: float = 0.0

    def __post_init__(self) -> None:
        """Check what can be wrong."""
        if not self.column:
            raise ValueError("a rule needs a column")
        asked = (self.type, self.complete, self.minimum, self.maximum, self.pattern, self.compare)
        if all(one is None for one in asked) and not self.values and not self.unique:
            raise ValueError(f"the rule about {self.column} asks for nothing")
        if self.type not in (None, "number", "category"):
            raise ValueError(f"type is {self.type!r}: give number or category")
        if self.complete is not None and not 0 <= self.complete <= 1:
            raise ValueError("complete is a share, from 0 to 1")
        if not 0 <= self.tolerance < 1:
            raise ValueError("tolerance is a share, from 0 to below 1")
        for bound in (self.minimum, self.maximum):
            if bound is not None and not math.isfinite(bound):
                raise ValueError("minimum and maximum must be finite")
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError("minimum is more than maximum")
        if self.pattern is not None:
            try:
                re.compile(self.pattern)
            except re.error as error:
                raise ValueError(f"pattern is no regular expression: {error}") from error
        if self.compare is not None and _COMPARISON.fullmatch(self.compare) is None:
            raise ValueError(
                f"compare is {self.compare!r}: give an operator ({', '.join(OPERATORS)}) and a "
                "column, such as '<= total'"
            )

    @property
    def comparison(self) -> tuple[str, str]:
        """The operator and the other column.

        Raises:
            ValueError: If the rule compares nothing.
        """
        found = _COMPARISON.fullmatch(self.compare or "")
        if found is None:
            raise ValueError("the rule compares nothing")
        return found[1], found[2].strip()


@dataclass(frozen=True, slots=True)
class QualityRules:
    """All that is declared about a model's data.

    Attributes:
        rules: Rules about columns.
        freshness: Seconds after which records are too old, or None.
        minimum_rows: Rows that a window must have, or None.
        duplicates: Share of the rows that may be there twice, or None.
    """

    rules: tuple[QualityRule, ...] = ()
    freshness: float | None = None
    minimum_rows: int | None = None
    duplicates: float | None = None


def suggest_rules(columns: Mapping[str, ColumnProfile]) -> list[QualityRule]:
    """Return the rules that a reference obeys, with some room.

    A column that was complete must stay so but for one row in a hundred; numbers may leave the
    range of the reference by a tenth of its width, and stay on their side of zero; where there
    were few categories, no other may come.

    Args:
        columns: Profiles of the reference.
    """
    rules = []
    for name, profile in columns.items():
        rows = profile.n + profile.missing
        if rows < MINIMUM_ROWS or not profile.n:
            continue
        complete = _down(max(0.0, profile.n / rows - 0.01))
        if name.endswith(LENGTH):  # of a free text, whose own values nobody knows
            if complete:
                rules.append(QualityRule(name.removesuffix(LENGTH), complete=complete))
            continue
        if isinstance(profile, NumberProfile):
            low, high = _range(profile)
            room = (high - low) / 10 or max(abs(high), 1.0) / 10
            rules.append(
                QualityRule(
                    name, "number", complete or None, tolerance=0.01,
                    minimum=_rounded(0.0 if 0 <= low <= room else low - room, math.floor),
                    maximum=_rounded(high + room, math.ceil),
                )
            )  # fmt: skip
        elif len(profile.counts) <= MOST_VALUES and not profile.other:
            values = tuple(sorted(profile.counts))
            rules.append(
                QualityRule(name, "category", complete or None, values=values, tolerance=0.01)
            )
        else:
            rules.append(QualityRule(name, "category", complete or None, tolerance=0.01))
    return rules


def rules_text(rules: list[QualityRule]) -> str:
    """Return rules as they stand in ``elkhound.toml``."""
    lines: list[str] = []
    for rule in rules:
        lines += ["[[quality.rules]]", f"column = {_quoted(rule.column)}"]
        if rule.type is not None:
            lines.append(f"type = {_quoted(rule.type)}")
        for name in ("complete", "minimum", "maximum"):
            value = getattr(rule, name)
            if value is not None:
                lines.append(f"{name} = {float(value)!r}")
        if rule.values:
            lines.append(f"values = [{', '.join(map(_quoted, rule.values))}]")
        if rule.pattern is not None:
            lines.append(f"pattern = {_quoted(rule.pattern)}")
        if rule.unique:
            lines.append("unique = true")
        if rule.compare is not None:
            lines.append(f"compare = {_quoted(rule.compare)}")
        if rule.tolerance:
            lines.append(f"tolerance = {rule.tolerance!r}")
        lines.append("")
    return "\n".join(lines)


def extremes(profile: ColumnProfile) -> tuple[float, float] | None:
    """Return the range of a numeric reference; None for categories and without values."""
    if isinstance(profile, CategoryProfile) or not profile.n:
        return None
    return _range(profile)


def _range(profile: NumberProfile) -> tuple[float, float]:
    """Return the edges between which the reference's values lie, but for what was clipped."""
    held = [place for place, count in enumerate(profile.counts) if count]
    if not held:
        return profile.edges[0], profile.edges[-1]
    return profile.edges[held[0]], profile.edges[held[-1] + 1]


def _rounded(value: float, direction: object) -> float:
    """Return a bound with three digits, rounded away from the values."""
    if value == 0 or not math.isfinite(value):
        return value
    step = 10.0 ** (math.floor(math.log10(abs(value))) - 2)
    turned = math.floor(value / step) if direction is math.floor else math.ceil(value / step)
    return float(f"{turned * step:.12g}")


def _down(share: float) -> float:
    return math.floor(share * 1000) / 1000


def _quoted(text: str) -> str:
    # JSON's strings are TOML's basic ones, but for DEL
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
