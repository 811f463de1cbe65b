"""Errors of files, processes, memory and databases."""

from __future__ import annotations

import ctypes
import gzip
import importlib
import os
import pickle
import sqlite3
import struct
import subprocess
import sys
import threading
import zipfile
from io import BytesIO
from typing import Any

from tests.corpus.causes import RootCauses, each


def read_settings(path: str) -> Any:
    """Open a file that is not there."""
    with open(path) as file:
        return file.read()


def settings_of_tenant(tenant: int) -> Any:
    """A request that needs settings."""
    return read_settings(f"/etc/service/tenants/{tenant}.toml")


def settings_at_start(name: str) -> Any:
    """The start needs settings."""
    return read_settings(f"/etc/service/{name}.toml")


def write_report(path: str) -> Any:
    """Write where a folder is."""
    with open(path, "w") as file:
        return file.write("x")


def make_folder(path: str) -> Any:
    """Make a folder twice."""
    return os.mkdir(path)


def list_folder(path: str) -> Any:
    """List what is a file."""
    return os.listdir(path)


def many_files(limit: int) -> Any:
    """Open more files than a process may."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    held: list[Any] = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    try:
        while True:
            held.append(open("/dev/null"))  # noqa: SIM115
    finally:
        for file in held:
            file.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def fill_disk(count: int) -> Any:
    """Write to a disk that is full."""
    with open("/dev/full", "wb", buffering=0) as file:
        return file.write(b"x" * count)


def reserve(gigabytes: int) -> Any:
    """Ask for more memory than there can be."""
    return bytearray(gigabytes * 2**50)


def insert_twice(user: int) -> Any:
    """Break a unique key."""
    with sqlite3.connect(":memory:") as database:
        database.execute("CREATE TABLE users (id INTEGER PRIMARY KEY)")
        database.execute("INSERT INTO users VALUES (?)", (user,))
        return database.execute("INSERT INTO users VALUES (?)", (user,))


def ask_old_schema(column: str) -> Any:
    """Ask for a column that a migration brings."""
    with sqlite3.connect(":memory:") as database:
        database.execute("CREATE TABLE users (id INTEGER)")
        return database.execute(f"SELECT {column} FROM users")


def ask_no_table(name: str) -> Any:
    """Ask for a table that a migration brings."""
    with sqlite3.connect(":memory:") as database:
        return database.execute(f"SELECT * FROM {name}")


def locked(milliseconds: int) -> Any:
    """Write while somebody else does."""
    path = f"file:locked{milliseconds}?mode=memory&cache=shared"
    one = sqlite3.connect(path, uri=True, timeout=milliseconds / 1000, isolation_level=None)
    two = sqlite3.connect(path, uri=True, timeout=milliseconds / 1000, isolation_level=None)
    one.execute("CREATE TABLE t (a)")
    one.execute("BEGIN EXCLUSIVE")
    try:
        return two.execute("INSERT INTO t VALUES (1)")
    finally:
        one.close()
        two.close()


def bind(values: int) -> Any:
    """Give a statement too few values."""
    with sqlite3.connect(":memory:") as database:
        return database.execute("SELECT ?, ?, ?", tuple(range(values)))


def load_plugin(name: str) -> Any:
    """Import what is not installed."""
    return importlib.import_module(name)


def load_symbol(name: str) -> Any:
    """Import a name that a newer version has."""
    exec(f"from json import {name}", {})
    return None


def load_library(name: str) -> Any:
    """Load a shared library that is not there."""
    return ctypes.CDLL(f"lib{name}.so.12")


def unpack(data: bytes) -> Any:
    """Unpack a message that is too short."""
    return struct.unpack("<IIQ", data)


def unzip(data: bytes) -> Any:
    """Open an archive that is none."""
    return zipfile.ZipFile(BytesIO(data))


def inflate(data: bytes) -> Any:
    """Decompress what is not compressed."""
    return gzip.decompress(data)


def restore(data: bytes) -> Any:
    """Read a state that was cut off."""
    return pickle.loads(data)


def decode(data: bytes) -> Any:
    """Read text in another encoding."""
    return data.decode("utf-8")


def run_tool(code: int) -> Any:
    """Run a tool that fails."""
    command = [sys.executable, "-c", f"import sys; sys.exit({code})"]
    return subprocess.run(command, check=True)


def run_missing(name: str) -> Any:
    """Run a tool that is not installed."""
    return subprocess.run([name, "--version"], check=True)


def tool_in_time(seconds: float) -> Any:
    """Run a tool that takes too long."""
    command = [sys.executable, "-c", "import time; time.sleep(9)"]
    return subprocess.run(command, timeout=seconds, check=True)


def recurse(node: int) -> Any:
    """Walk a tree that is a ring."""
    return recurse(node + 1)


def start_twice(number: int) -> Any:
    """Start a thread again."""
    thread = threading.Thread(target=lambda: number)
    thread.start()
    thread.join()
    return thread.start()


def release(_: int) -> Any:
    """Release a lock that nobody holds."""
    return threading.Lock().release()


CUT = pickle.dumps(list(range(1000)))

ROOT_CAUSES: RootCauses = {
    "a settings file is not there": [
        *each(settings_of_tenant, 7, 4711),
        *each(settings_at_start, "main", "limits"),
    ],
    "a report is written to a folder": each(write_report, "/tmp", "/var"),
    "a folder is made twice": each(make_folder, "/tmp", "/usr"),
    "a file is listed as a folder": each(list_folder, "/etc/passwd", "/dev/null"),
    "too many open files": each(many_files, 40, 64),
    "the disk is full": each(fill_disk, 10, 5000),
    "more memory than there is": each(reserve, 1, 3),
    "a key is there twice": each(insert_twice, 1, 4711),
    "a column that a migration brings": each(ask_old_schema, "email", "tier"),
    "a table that a migration brings": each(ask_no_table, "scores", "labels_2026"),
    "the database is locked": each(locked, 5, 8),
    "too few values for a statement": each(bind, 1, 2),
    "a package is not installed": each(load_plugin, "fraudlib", "scorecards"),
    "a name that another version has": each(load_symbol, "loadz", "JSONReader"),
    "a shared library is not there": each(load_library, "cudart", "nvinfer"),
    "a message is too short": each(unpack, b"1234", b"12345678"),
    "an archive is none": each(unzip, b"hello", b"nothing"),
    "data is not compressed": each(inflate, b"plain text", b"hello"),
    "a state was cut off": each(restore, CUT[:100], CUT[:900]),
    "text in another encoding": each(decode, b"Troms\xf8", b"\xe5pen"),
    "a tool fails": each(run_tool, 3, 17),
    "a tool is not installed": each(run_missing, "nvidia-smi-none", "ffprobe-none"),
    "a tool takes too long": each(tool_in_time, 0.05, 0.08),
    "a tree is a ring": each(recurse, 0, 50),
    "a thread is started again": each(start_twice, 1, 2),
    "a lock is released twice": each(release, 1, 2),
}
