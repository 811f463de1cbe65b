"""Versions of libraries that the failed requests ran on, and others did not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analyzers.findings import Cause, Contrast
from analyzers.root_cause.case import Case
from analyzers.root_cause.causes import NODE
from analyzers.root_cause.contrast import telling
from analyzers.root_cause.summaries import share_text
from analyzers.root_cause.testimony.values import MAXIMUM_Q
from analyzers.stores.base import ContrastCount

LIBRARIES = "ml.libraries"


def testify_libraries(case: Case) -> Sequence[Cause]:
    """Compare the processes' versions of each library, weighted by their requests.

    Processes say what they run on in their resource records; a request ran on what its process
    does. p-values are one-sided (Fisher's exact test), corrected for all versions looked at
    (Benjamini-Hochberg).

    Raises:
        StoreError: If the store cannot be read.
    """
    names = case.store.names("resource", LIBRARIES, case.window)
    if not names:
        return []
    failed = case.by_value(NODE, "prediction", case.failed)
    every = case.by_value(NODE, "prediction", case.requests)
    n = sum(failed.values())
    counts: list[ContrastCount] = []
    for name in names:
        versions = _versions(case, name)
        if len(set(versions.values())) < 2:
            continue
        for version in sorted(set(versions.values())):
            mine = _count(failed, versions, version)
            theirs = _count(every, versions, version) - mine
            counts.append(ContrastCount("", f"{LIBRARIES}.{name}", version, mine, theirs))
    totals = {"": (n, sum(every.values()) - n)}
    return [_cause(contrast) for _, contrast in telling(counts, totals, MAXIMUM_Q)]


def _cause(contrast: Contrast) -> Cause:
    name = contrast.field.removeprefix(f"{LIBRARIES}.")
    return Cause(
        category="value",
        field=contrast.field,
        value=contrast.value,
        score=contrast.excess,
        share=contrast.share,
        other_share=contrast.other_share,
        lift=contrast.lift,
        p=contrast.p,
        q=contrast.q,
        sentence=(
            f"{name} is {contrast.value} where {share_text(contrast.share)} of the failed requests "
            f"ran, and {share_text(contrast.other_share)} of the others"
        ),
    )


def _versions(case: Case, name: str) -> dict[str, str]:
    """Return the version of a library in each process: it cannot change while that lives."""
    counts = case.store.value_counts("resource", f"{LIBRARIES}.{name}", case.window, by=NODE)
    return {item.key: item.value for item in counts}


def _count(requests: Mapping[str, int], versions: Mapping[str, str], version: str) -> int:
    return sum(count for node, count in requests.items() if versions.get(node) == version)
