"""Reports to render: an ordinary one, an empty one and a hostile one."""

from __future__ import annotations

import pytest

from analyzers.root_cause.error_report import ErrorReport, report_errors
from analyzers.stores.base import Window
from tests.analyzers.conftest import Opener, error, prediction, record

HOSTILE = """</pre></script><script>document.title="owned"</script><img src=x onerror=alert(1)> "'`|*_[x](y)"""


@pytest.fixture
def report(open_local: Opener) -> ErrorReport:
    """Two groups, a deployment, contrasts and a bad line."""
    records = [
        prediction(
            n,
            n,
            version="2" if n >= 50 else "1",
            failed="f1" if 50 <= n < 60 else None,
            segment={"r": "eu"},
        )
        for n in range(100)
    ]
    records += [error(n, n, version="2") for n in range(50, 60)]
    records += [
        error(n, n, fingerprint="f2", type="KeyError", types=["KeyError"], message="'price'")
        for n in range(80, 83)
    ]
    records.append(
        record(
            "lifecycle",
            49,
            1,
            event={"action": "model-deployed", "reason": "new"},
            ml={"model": {"name": "m", "version": "2"}},
        )
    )
    return report_errors(open_local(records), Window())


@pytest.fixture
def empty_report(open_local: Opener) -> ErrorReport:
    """No record at all."""
    return report_errors(open_local([]), Window())


@pytest.fixture
def hostile_report(open_local: Opener) -> ErrorReport:
    """Every text that a service can choose tries to break out of the page."""
    records = [
        prediction(
            n,
            n,
            version=HOSTILE,
            failed="f1" if n < 20 else None,
            segment={HOSTILE: HOSTILE if n < 20 else "x"},
        )
        for n in range(60)
    ]
    records += [
        error(
            n, n, version=HOSTILE, message=HOSTILE, type=HOSTILE, types=[HOSTILE], template=HOSTILE,
            culprit=HOSTILE, stack_trace=f"```\n{HOSTILE}\n````",
        )
        for n in range(20)
    ]  # fmt: skip
    records.append(
        record(
            "lifecycle",
            0,
            1,
            event={"action": "model-deployed", "reason": HOSTILE},
            ml={"model": {"name": HOSTILE, "version": HOSTILE}},
        )
    )
    return report_errors(open_local(records), Window())
