"""Versions of libraries that the failed requests ran on, and others did not."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from analyzers.findings import Cause
from analyzers.root_cause.case import Case
from analyzers.root_cause.contrast import MINIMUM_EXCESS
from analyzers.root_cause.severity import MINIMUM_FAILED
from analyzers.root_cause.summaries import share_text
from analyzers.root_cause.testimony.values import MAXIMUM_Q
from analyzers.statistics.association import excess_share, fisher_exact_greater, lift
from analyzers.statistics.multiple_testing import benjamini_hochberg

LIBRARIES = "ml.libraries"
NODE = "service.node.name"


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
    failed, every = _by_node(case, failed=True), _by_node(case, failed=False)
    n = sum(failed.values())
    others = sum(every.values()) - n
    if n < MINIMUM_FAILED or others <= 0:
        return []
    tested: list[tuple[str, str, int, int]] = []
    for name in names:
        versions = _versions(case, name)
        if len(set(versions.values())) < 2:
            continue
        for version in sorted(set(versions.values())):
            mine = _count(failed, versions, version)
            tested.append((name, version, mine, _count(every, versions, version) - mine))
    p = fisher_exact_greater(
        [mine for _, _, mine, _ in tested], n, [theirs for *_, theirs in tested], others
    )
    q = benjamini_hochberg(p)
    found: list[Cause] = []
    for place, (name, version, mine, theirs) in enumerate(tested):
        excess = excess_share(mine, n, theirs, others)
        if q[place] > MAXIMUM_Q or excess < MINIMUM_EXCESS:
            continue
        ratio = lift(mine, n, theirs, others)
        found.append(
            Cause(
                category="value",
                field=f"{LIBRARIES}.{name}",
                value=version,
                score=excess,
                share=mine / n,
                other_share=theirs / others,
                lift=ratio if math.isfinite(ratio) else None,
                p=float(p[place]),
                q=float(q[place]),
                sentence=(
                    f"{name} is {version} where {share_text(mine / n)} of the failed requests "
                    f"ran, and {share_text(theirs / others)} of the others"
                ),
            )
        )
    return found


def _by_node(case: Case, failed: bool) -> dict[str, int]:
    where = case.failed if failed else case.requests
    counts = case.store.value_counts("prediction", NODE, case.span, where)
    return {item.value: item.count for item in counts}


def _versions(case: Case, name: str) -> dict[str, str]:
    """Return the version of a library in each process: it cannot change while that lives."""
    counts = case.store.value_counts("resource", f"{LIBRARIES}.{name}", case.window, by=NODE)
    return {item.key: item.value for item in counts}


def _count(requests: Mapping[str, int], versions: Mapping[str, str], version: str) -> int:
    return sum(count for node, count in requests.items() if versions.get(node) == version)
