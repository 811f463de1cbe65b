"""The matrix is printed at the end of the run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.tally import HEADER, LONG, REPORT, Matrix

_matrix = Matrix()


@pytest.fixture(scope="session")
def matrix() -> Matrix:
    """The table that all fault tests add to."""
    return _matrix


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table, and keep it where that was asked for."""
    if not _matrix.rows:
        return
    terminalreporter.section(f"failure matrix, {'long' if LONG else 'short'} form")
    for line in (*HEADER.splitlines(), *map(str, _matrix.rows)):
        terminalreporter.write_line(line)
    if REPORT:
        _matrix.write(Path(REPORT))
