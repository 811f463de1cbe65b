"""Histograms, moments and missing counts as aggregations, for many fields in one question."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from analyzers.stores.numbers import Histogram, Moments, checked_edges

Ask = Callable[[Mapping[str, Any]], dict[str, Any]]
"""Asks for aggregations over the records that are meant; {} where there is no stream."""

_MOST_BUCKETS = 20_000
"""Buckets in one question; a server refuses more than 65,536."""
_MOST_FIELDS = 200


def histograms(ask: Ask, edges: Mapping[str, Sequence[float]]) -> dict[str, Histogram]:
    """Return the histogram of each field over its edges."""
    checked = {field: checked_edges(some) for field, some in edges.items()}
    found: dict[str, Histogram] = {}
    for part in _parts(checked):
        aggregations: dict[str, Any] = {}
        for place, (field, some) in enumerate(part.items()):
            ranges = {"field": field, "keyed": True, "ranges": _ranges(some)}
            aggregations[f"h{place}"] = {"range": ranges}
            aggregations[f"m{place}"] = {"missing": {"field": field}}
        answer = ask(aggregations)
        for place, (field, some) in enumerate(part.items()):
            buckets = answer.get(f"h{place}", {}).get("buckets", {})
            found[field] = Histogram(
                edges=some,
                counts=tuple(_count(buckets, str(number)) for number in range(len(some) - 1)),
                below=_count(buckets, "below"),
                above=_count(buckets, "above"),
                missing=_count(answer, f"m{place}"),
            )
    return found


def moments(ask: Ask, fields: Sequence[str]) -> dict[str, Moments]:
    """Return the moments of each field."""
    found: dict[str, Moments] = {}
    for some in _pages(fields):
        aggregations: dict[str, Any] = {}
        for place, field in enumerate(some):
            aggregations[f"s{place}"] = {"extended_stats": {"field": field}}
            aggregations[f"m{place}"] = {"missing": {"field": field}}
        answer = ask(aggregations)
        for place, field in enumerate(some):
            stats = answer.get(f"s{place}", {})
            has_values = bool(stats.get("count"))
            found[field] = Moments(
                n=stats.get("count", 0),
                missing=_count(answer, f"m{place}"),
                sum=stats["sum"] if has_values else 0.0,
                sum_of_squares=stats["sum_of_squares"] if has_values else 0.0,
                minimum=stats["min"] if has_values else None,
                maximum=stats["max"] if has_values else None,
            )
    return found


def missing_counts(ask: Ask, fields: Sequence[str]) -> dict[str, int]:
    """Return the number of records without a value of each field."""
    found: dict[str, int] = {}
    for some in _pages(fields):
        aggregations = {f"m{place}": {"missing": {"field": f}} for place, f in enumerate(some)}
        answer = ask(aggregations)
        found |= {field: _count(answer, f"m{place}") for place, field in enumerate(some)}
    return found


def used_fields(ask: Ask, fields: Sequence[str]) -> list[str]:
    """Return the fields that have a value at all."""
    used: list[str] = []
    for some in _pages(fields):
        filters = {str(place): {"exists": {"field": field}} for place, field in enumerate(some)}
        answer = ask({"f": {"filters": {"filters": filters}}})
        buckets = answer.get("f", {}).get("buckets", {})
        used += [field for place, field in enumerate(some) if _count(buckets, str(place))]
    return used


def _ranges(edges: Sequence[float]) -> list[dict[str, Any]]:
    # a range is [from, to): the next number after the last edge closes the last bin
    end = math.nextafter(edges[-1], math.inf)
    inner: list[dict[str, Any]] = [
        {"key": str(place), "from": left, "to": right}
        for place, (left, right) in enumerate(zip(edges, [*edges[1:-1], end], strict=False))
    ]
    return [{"key": "below", "to": edges[0]}, *inner, {"key": "above", "from": end}]


def _parts(edges: Mapping[str, tuple[float, ...]]) -> Iterator[dict[str, tuple[float, ...]]]:
    part: dict[str, tuple[float, ...]] = {}
    size = 0
    for field, some in edges.items():
        if part and (size + len(some) > _MOST_BUCKETS or len(part) == _MOST_FIELDS):
            yield part
            part, size = {}, 0
        part[field] = some
        size += len(some) + 2
    if part:
        yield part


def _pages(fields: Sequence[str]) -> Iterator[Sequence[str]]:
    for begin in range(0, len(fields), _MOST_FIELDS):
        yield fields[begin : begin + _MOST_FIELDS]


def _count(buckets: Mapping[str, Any], key: str) -> int:
    count: int = buckets.get(key, {}).get("doc_count", 0)
    return count
