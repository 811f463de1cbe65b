"""The demo: serve, break, and ask Elkhound what broke.

Starts the service in a process of its own, sends real requests, switches five true faults on and
off at known times, and prints the error report on what the service wrote.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from analyzers.findings import Breakdown, Description, Finding
from analyzers.reports.html import render_html
from analyzers.reports.terminal import render_terminal
from analyzers.reports.wording import evidence_of, time_of_day
from analyzers.root_cause.error_report import ErrorReport, report_errors
from analyzers.stores.base import Window
from analyzers.stores.connecting import describe, namespace_of
from analyzers.stores.opening import open_store
from examples.flight_delay.cluster import destination_of, prepare, wait_for_records
from examples.flight_delay.traffic import (
    Traffic,
    add_a_carrier,
    lose_the_weather,
    post,
    rename_a_column,
)

START_SECONDS = 60.0


@dataclass(slots=True)
class Injected:
    """A fault that was switched on: what, on which version it shows, when, and its trace."""

    name: str
    version: str
    exception: str
    clue: str
    time: datetime


class Demo:
    """Runs the phases and remembers what was injected when.

    Args:
        port: Port of the service.
        traffic: The requests.
        seconds: Length of a phase.
        progress: Shows how far the demo is.
    """

    def __init__(self, port: int, traffic: Traffic, seconds: float, progress: Progress) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._traffic = traffic
        self._seconds = seconds
        self._progress = progress
        self._task = progress.add_task("", total=PHASES)
        self.injected: list[Injected] = []

    def run(self) -> None:
        """Go through all faults, each with a calm phase before it."""
        self._traffic.start()
        self._phase("all is well")
        self._inject(
            "bad deploy: version 2.0.0 reads past its table", "2.0.0", "IndexError", "out of bounds"
        )
        self._deploy("2.0.0?share_with=1.0.0&reason=calibrated+scores")
        self._phase("bad deploy of 2.0.0 to half of the traffic")
        self._deploy("1.0.0?reason=errors+on+2.0.0")
        self._phase("rolled back to 1.0.0", 0.5)
        for name, exception, clue, fault in (
            (
                "upstream renames a field for one partner",
                "ValueError",
                "columns are missing",
                rename_a_column,
            ),
            ("no weather from JFK", "ValueError", "contains NaN", lose_the_weather),
            ("a carrier the model never saw", "ValueError", "unknown categories", add_a_carrier),
        ):
            self._inject(name, "1.0.0", exception, clue)
            self._traffic.fault = fault
            self._phase(name)
            self._traffic.fault = None
            self._phase("recovered", 0.5)
        self._inject(
            "memory grows until the service refuses work",
            "service 3.1.0",
            "MemoryBudgetError",
            "the budget is",
        )
        self._traffic.explain = True
        self._phase("explanations switched on: memory grows", 1.5)
        self._traffic.explain = False
        self._traffic.stop()

    def _inject(self, name: str, version: str, exception: str, clue: str) -> None:
        self.injected.append(Injected(name, version, exception, clue, datetime.now(UTC)))

    def _deploy(self, version: str) -> None:
        status, _ = post(self._connection, f"/deploy/{version}", None)
        if status != 200:
            raise SystemExit("the service does not answer; its output is in demo/service.log")

    def _phase(self, name: str, share: float = 1.0) -> None:
        self._progress.update(self._task, description=name)
        steps = max(1, round(self._seconds * share * 4))
        for _ in range(steps):
            time.sleep(self._seconds * share / steps)
            self._progress.advance(self._task, share / steps)


PHASES = 8.5
"""Length of the whole demo in phases: eleven of them, some of other length."""


def find_group(report: ErrorReport, fault: Injected) -> Finding | None:
    """Return the group that shows a fault, or None where the report missed it."""
    for finding in report.findings:
        for description in evidence_of(finding, Description):
            if fault.exception in description.exception and fault.clue in description.message:
                return finding
    return None


def versions_of(finding: Finding) -> list[str]:
    """Return the model versions that a group touches, or else those of the service."""
    found = {
        item.field: [value for value, _ in item.values] for item in evidence_of(finding, Breakdown)
    }
    services = [f"service {version}" for version in found.get("service.version", [])]
    return found.get("ml.model.version") or services


@contextlib.contextmanager
def running_service(folder: Path, port: int, to: str | None, namespace: str) -> Iterator[None]:
    """Run the service in a process of its own and wait until it answers."""
    command = [sys.executable, "-m", "examples.flight_delay.service", "--port", str(port)]
    data = str(folder / "data")
    command += ["--to", f"file:{data}"] if to is None else ["--to", to, "--spool", data]
    log = folder / "service.log"
    variables = {**os.environ, "ELKHOUND_NAMESPACE": namespace}
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=variables)
    try:
        _wait_for(port, process, log)
        yield
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"the service ended while starting:\n{log.read_text()[-2000:]}")
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", "/health")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.1)
    raise SystemExit(f"the service did not answer within {START_SECONDS:.0f} s: see {log}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def run_demo(
    folder: Path,
    seconds: float,
    rate: float,
    console: Console,
    store: str | None = None,
    to: str | None = None,
    is_prepared: bool = False,
) -> tuple[list[Injected], ErrorReport]:
    """Run service, traffic and faults, and return what was injected and what was found.

    With a cluster, the service ships to it and the report is the cluster's.

    Args:
        folder: Folder for the records, the report and the service's output; emptied first.
        seconds: Length of a phase.
        rate: Requests a second.
        console: Where progress is shown.
        store: URL of a cluster; the folder is the store otherwise.
        to: Where the service ships; straight into the cluster otherwise.
        is_prepared: Whether the cluster has what ``elkhound setup`` installs.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if store is not None:
        if not is_prepared:
            console.print(f"Preparing {describe(store)} ...")
            prepare(store)
        to = to or destination_of(store)
    began = datetime.now(UTC)
    port = _free_port()
    console.print(
        "Training two versions of a model on flights from New York, and starting its service ..."
    )
    namespace = "default" if store is None else namespace_of(store).replace("*", "default")
    with running_service(folder, port, to, namespace):
        traffic = Traffic(port, rate)
        columns = (TextColumn("{task.description:<46}"), BarColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
            demo = Demo(port, traffic, seconds, progress)
            demo.run()
    console.print(f"{traffic.sent:,} requests sent, {traffic.failed:,} answered with an error.\n")
    if store is not None:
        wait_for_records(store, str(folder / "data"), began)
    report = report_on(store or str(folder / "data"), Window(began))
    (folder / "report.html").write_text(render_html(report), encoding="utf-8")
    return demo.injected, report


def report_on(store: str, window: Window) -> ErrorReport:
    """Return the error report of a store."""
    opened = open_store(store)
    try:
        return report_errors(opened, window)
    finally:
        opened.close()


def is_the_same(one: ErrorReport, other: ErrorReport) -> bool:
    """Return whether two stores report the same."""
    return {**one.document(), "store": ""} == {**other.document(), "store": ""}


def _comparison(injected: list[Injected], report: ErrorReport) -> Table:
    table = Table(
        title="What was broken on purpose, and what the report says", title_justify="left", box=None
    )
    for header in ("fault", "switched on", "group", "seen since", "version"):
        table.add_column(header, no_wrap=header != "fault")
    for fault in injected:
        finding = find_group(report, fault)
        if finding is None:
            table.add_row(
                fault.name, time_of_day(fault.time, report.since), "[red]not found[/red]", "", ""
            )
            continue
        table.add_row(
            fault.name,
            time_of_day(fault.time, report.since),
            f"{report.findings.index(finding) + 1}",
            time_of_day(finding.onset[1], report.since),
            ", ".join(versions_of(finding)) or "-",
        )
    return table


def main(given: Sequence[str] | None = None) -> None:
    """Run the demo and show its report."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--folder", type=Path, default=Path("demo"), help="where to write")
    parser.add_argument("--seconds", type=float, default=6.0, help="length of a phase")
    parser.add_argument("--rate", type=float, default=60.0, help="requests a second")
    parser.add_argument("--store", help="URL of a cluster that is to hold and count the records")
    parser.add_argument("--to", help="where the service ships, such as beats://localhost:5044")
    parser.add_argument("--prepared", action="store_true", help="`elkhound setup` was run")
    arguments = parser.parse_args(given)
    if arguments.to and not arguments.store:
        parser.error("--to needs --store: the cluster behind it")
    console = Console()
    injected, report = run_demo(
        arguments.folder,
        arguments.seconds,
        arguments.rate,
        console,
        arguments.store,
        arguments.to,
        arguments.prepared,
    )
    render_terminal(report, console)
    console.print()
    console.print(_comparison(injected, report))
    data = arguments.store or arguments.folder / "data"
    if arguments.store:
        local = report_on(str(arguments.folder / "data"), Window(report.since))
        same = is_the_same(report, local)
        console.print(f"\nThe local store reports {'the same' if same else 'something else'}.")
    console.print(f"\nThe same report with plots: {arguments.folder / 'report.html'}")
    console.print(
        "Try next:\n"
        f"  .venv/bin/elkhound incidents --store {data}\n"
        f"  .venv/bin/elkhound errors --store {data} --version 2.0.0\n"
        f"  .venv/bin/elkhound errors --store {data} --format md\n"
        f"  .venv/bin/elkhound errors --store {data} --format json --output report.json"
    )
    if any(find_group(report, fault) is None for fault in injected):
        sys.exit("a fault was not found")


if __name__ == "__main__":
    main()
