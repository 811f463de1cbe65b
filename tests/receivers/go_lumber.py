"""Build and run Elastic's go-lumber: a true Lumberjack v2 server and client."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO

SOURCE = Path(__file__).parent / "golumber"


class GoUnavailableError(RuntimeError):
    """There is no Go toolchain here, or the module cannot be fetched."""


def build() -> Path:
    """Return the program; it is built once and kept in the cache.

    Raises:
        GoUnavailableError: If it cannot be built.
    """
    go = shutil.which("go")
    if go is None:
        raise GoUnavailableError("there is no Go toolchain (golang-go)")
    content = b"".join((SOURCE / name).read_bytes() for name in ("main.go", "go.mod", "go.sum"))
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "elkhound"
    program = base / f"golumber-{hashlib.sha256(content).hexdigest()[:12]}"
    if not program.exists():
        base.mkdir(parents=True, exist_ok=True)
        built = subprocess.run(
            [go, "build", "-o", f"{program}.new", "."],
            cwd=SOURCE,
            capture_output=True,
            text=True,
            check=False,
        )
        if built.returncode:
            raise GoUnavailableError(f"go-lumber cannot be built: {built.stderr.strip()[-400:]}")
        Path(f"{program}.new").replace(program)
    return program


@contextlib.contextmanager
def serving(delay: str = "0s") -> Iterator[tuple[str, IO[str]]]:
    """Run the server; give its URL, and what it prints: each event as a line of JSON."""
    process = subprocess.Popen([str(build()), "serve", delay], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield f"beats://127.0.0.1:{int(process.stdout.readline())}", process.stdout
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def counting(kind: str) -> Iterator[tuple[str, IO[str]]]:
    """Run a receiver that prints how many events came so far.

    Args:
        kind: ``beats``, ``http`` or ``tcp``.
    """
    arguments = {"beats": ["serve", "0s", "quiet"], "http": ["web"], "tcp": ["lines"]}[kind]
    process = subprocess.Popen([str(build()), *arguments], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield f"{kind}://127.0.0.1:{int(process.stdout.readline())}", process.stdout
    finally:
        process.kill()
        process.wait()


def send(port: int, lines: list[bytes], level: int) -> int:
    """Send lines with Elastic's client and return how many were acknowledged."""
    found = subprocess.run(
        [str(build()), "send", f"127.0.0.1:{port}", "x" * (level + 1)],
        input=b"\n".join(lines) + b"\n", capture_output=True, check=True, timeout=30,
    )  # fmt: skip
    return int(found.stdout)
