"""Processes that fork, end, and are killed."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

import shipper
from tests.faults.service import ROOT, Service
from tests.faults.tally import LONG, Matrix, Row
from tests.receivers.beats import BeatsServer
from tests.receivers.index import Index, wait_for

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="this system cannot fork")


def row(what: str, sent: int, index: Index, note: str = "", dropped: int = 0) -> Row:
    """Compare what was sent with what is in the index."""
    numbers = index.numbers()
    return Row(
        what, sent, len(set(numbers)), len(numbers) - len(set(numbers)), index.resent, dropped, note
    )


def recover(spool: Path, to: str, index: Index, count: int) -> None:
    """Let the next process deliver what is left, the way a restarted service does."""
    shipper.configure(service="next", to=to, spool=spool)
    shipper.get_logger("next").warning("started again")
    assert shipper.flush(60, delivered=True)
    index.await_numbers(count, 10)
    shipper.shutdown()


def test_killed_at_random_moments(tmp_path: Path, matrix: Matrix) -> None:
    """SIGKILL, again and again: everything before the last sync point arrives, once."""
    rounds = 200 if LONG else 8
    chance = random.Random(7)
    first = promised = 0
    with BeatsServer() as server:
        expected: set[int] = set()
        for _ in range(rounds):
            service = Service(server.url, tmp_path, rate=3000, first=first, sync_every=50).start()
            service.await_logged(first)
            time.sleep(chance.uniform(0.0, 0.4))
            service.signal(signal.SIGKILL)
            expected |= set(range(first, service.synced + 1))
            promised += max(0, service.synced + 1 - first)
            first += 100_000
        recover(tmp_path, server.url, server.index, len(expected))
        numbers = server.index.numbers()
        found = expected & set(numbers)
        beyond = len(set(numbers) - expected)
        assert expected <= set(numbers)
        matrix.add(Row(
            f"kill -9 at random moments, {rounds} rounds", promised, len(found),
            len(numbers) - len(set(numbers)), server.index.resent, 0,
            f"{beyond:,} more arrived that were logged after the last sync point",
        ))  # fmt: skip
    # a kill between the removal of a segment and that of its cursor leaves the latter for a minute
    left = [
        path for path in tmp_path.glob("logs-*/*.cursor") if path.with_suffix(".ndjson").exists()
    ]
    assert not left


@pytest.mark.parametrize("away", [False, True], ids=["receiver up", "receiver away"])
def test_sigterm(away: bool, tmp_path: Path, matrix: Matrix) -> None:
    """A SIGTERM that nobody handles: every log call that returned arrives; the status stays."""
    with BeatsServer() as server:
        if away:
            server.kill()
        service = Service(server.url, tmp_path, rate=300).start()
        service.await_logged(1700 if LONG else 300)
        taken = service.signal(signal.SIGTERM)
        assert service.process.returncode == -signal.SIGTERM
        assert taken < 5.0
        if away:
            server.start()
            recover(tmp_path, server.url, server.index, service.logged + 1)
        server.index.await_numbers(service.logged + 1, 5)
        # one more call may have been under way
        sent = max(service.logged + 1, len(server.index.numbers()))
        matrix.add(
            row(
                f"SIGTERM at 300/s, {'receiver away' if away else 'receiver up'}",
                sent,
                server.index,
                f"ended in {taken:.2f} s",
            )
        )


@pytest.mark.parametrize("ending", ["", "sys.exit(3)", "1 / 0", "os.kill(os.getpid(), 2); time.sleep(9)"],
                         ids=["end of script", "sys.exit", "exception", "SIGINT"])  # fmt: skip
def test_endings(ending: str, tmp_path: Path, matrix: Matrix) -> None:
    """However the process ends by itself, nothing is lost."""
    with BeatsServer() as server:
        service = Service(server.url, tmp_path, count=1000, rate=0, ending=ending).start()
        taken = service.end()
        matrix.add(
            row(
                f"the process ends: {ending or 'end of script'}",
                1000,
                server.index,
                f"within {taken:.1f} s",
            )
        )


FORK = """
for worker in range(4):
    if os.fork() == 0:
        for number in range(300):
            log.info("from a child", number=100_000 * (worker + 1) + number)
        sys.exit(0)
for worker in range(4):
    os.wait()
"""


def test_fork_with_records_waiting(tmp_path: Path, matrix: Matrix) -> None:
    """The parent's waiting records are sent by the parent alone, the children's by each child."""
    with BeatsServer() as server:
        service = Service(server.url, tmp_path, count=40, rate=0, ending=FORK).start()
        service.end()
        pids = {record["process"]["pid"] for record in server.index.service_logs()}
        assert len(pids) == 5
        matrix.add(row("os.fork x4 with 40 waiting, 300 from each child", 1240, server.index))


MULTIPROCESSING = """
import multiprocessing, sys
import shipper

def work(worker):
    {configure}
    log = shipper.get_logger("child")
    for number in range(300):
        log.info("from a child", number=1000 * worker + number)

if __name__ == "__main__":
    {parent}
    context = multiprocessing.get_context(sys.argv[1])
    processes = [context.Process(target=work, args=(worker,)) for worker in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing(method: str, tmp_path: Path, matrix: Matrix) -> None:
    """Children that end without ``atexit`` deliver what they logged."""
    with BeatsServer() as server:
        configure = f'shipper.configure(service="s", to="{server.url}", spool="{tmp_path}/spool")'
        script = tmp_path / "script.py"
        inherits = method == "fork"
        script.write_text(MULTIPROCESSING.format(
            configure="pass" if inherits else configure, parent=configure if inherits else "pass"
        ))  # fmt: skip
        subprocess.run(
            [sys.executable, str(script), method],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=True,
            timeout=60,
        )
        server.index.await_numbers(1200, 5)
        matrix.add(row(f"multiprocessing ({method}) x4, 300 from each", 1200, server.index))


def test_two_processes_on_one_folder(tmp_path: Path, matrix: Matrix) -> None:
    """Each delivers its own records, and one takes over when the other is killed."""
    with BeatsServer() as server:
        first = Service(server.url, tmp_path, count=3000, rate=1500).start()
        second = Service(server.url, tmp_path, rate=1500, first=50_000, sync_every=100).start()
        second.await_logged(50_500)
        second.signal(signal.SIGKILL)
        first.end()
        promised = set(range(3000)) | set(range(50_000, second.synced + 1))
        recover(tmp_path, server.url, server.index, len(promised))
        numbers = server.index.numbers()
        matrix.add(
            Row(
                "two processes on one folder, one killed",
                len(promised),
                len(promised & set(numbers)),
                len(numbers) - len(set(numbers)),
                server.index.resent,
            )
        )


GEVENT = """
from gevent import monkey; monkey.patch_all()
import gevent, sys, shipper
shipper.configure(service="s", to=sys.argv[1], spool=sys.argv[2])
log = shipper.get_logger("green")
def work(worker):
    for number in range(100):
        log.info("from a greenlet", number=1000 * worker + number)
        gevent.sleep(0)
gevent.joinall([gevent.spawn(work, worker) for worker in range(10)])
"""


def test_gevent(tmp_path: Path, matrix: Matrix) -> None:
    """With everything patched, threads are greenlets; nothing hangs and nothing is lost."""
    pytest.importorskip("gevent")
    with BeatsServer() as server:
        subprocess.run(
            [sys.executable, "-c", GEVENT, server.url, str(tmp_path)],
            cwd=ROOT,
            check=True,
            timeout=60,
        )
        server.index.await_numbers(1000, 5)
        matrix.add(row("gevent, 10 greenlets, 100 from each", 1000, server.index))


ASYNCIO = """
import asyncio, sys, time, shipper
shipper.configure(service="s", to=sys.argv[1], spool=sys.argv[2],
                  limits=shipper.SpoolLimits(memory_bytes=200_000), when_full=shipper.Block(5.0))
log = shipper.get_logger("loop")
longest = 0.0
async def watch():
    global longest
    while True:
        begun = time.perf_counter()
        await asyncio.sleep(0.001)
        longest = max(longest, time.perf_counter() - begun)
async def main():
    watcher = asyncio.create_task(watch())
    for number in range(2000):
        log.info("from the loop", number=number)
        if number % 20 == 0:
            await asyncio.sleep(0.001)
    watcher.cancel()
asyncio.run(main())
counts = shipper.statistics()
print(longest, counts.dropped)
"""


def test_asyncio(tmp_path: Path, matrix: Matrix) -> None:
    """The loop is never blocked, not even by a policy that may wait 5 s; drops are counted."""
    with BeatsServer() as server:
        found = subprocess.run(
            [sys.executable, "-c", ASYNCIO, server.url, str(tmp_path)],
            cwd=ROOT,
            check=True,
            timeout=60,
            capture_output=True,
            text=True,
        )
        longest, dropped = found.stdout.split()
        server.index.await_numbers(2000 - int(dropped), 5)
        assert float(longest) < 1.0
        matrix.add(
            row(
                "asyncio, policy Block(5 s)",
                2000,
                server.index,
                f"longest pause of the loop {float(longest) * 1000:.0f} ms",
                int(dropped),
            )
        )


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


SERVERS = {
    "gunicorn, 3 preforked uvicorn workers, application preloaded":
        ["-m", "gunicorn", "-c", "examples/prefork/gunicorn_settings.py", "-b"],
    "uvicorn, 2 workers":
        ["-m", "uvicorn", "examples.prefork.service:app", "--workers", "2", "--port"],
}  # fmt: skip


@pytest.mark.parametrize("what", SERVERS)
def test_model_servers_under_load(what: str, tmp_path: Path, matrix: Matrix) -> None:
    """Requests go on while the receiver is killed, stalled and restarted; then the server stops."""
    port = free_port()
    count = 3000 if LONG else 600
    with BeatsServer() as server:
        address = f"127.0.0.1:{port}" if "gunicorn" in what else str(port)
        process = subprocess.Popen(
            [sys.executable, *SERVERS[what], address], cwd=ROOT,
            env={**os.environ, "ELKHOUND_TO": server.url, "ELKHOUND_SPOOL": str(tmp_path / "spool")},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            base = f"http://127.0.0.1:{port}"
            wait_for(lambda: _answers(f"{base}/predict/{count}"), bool, 60)
            with ThreadPoolExecutor(4) as pool:
                for number, status in enumerate(pool.map(partial(_get, base), range(count))):
                    assert status == 200
                    if number == count // 5:
                        server.kill()
                    elif number == 2 * count // 5:
                        server.start()
                    elif number == 3 * count // 5:
                        server.stalled.set()
                    elif number == 4 * count // 5:
                        server.kill()
                        server.stalled.clear()
                        server.start()
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
        if len(set(server.index.numbers())) <= count:  # a worker's deadline was too short
            recover(tmp_path / "spool", server.url, server.index, count + 1)
        logs = [log for log in server.index.service_logs() if "numeric_labels" in log]
        pids = {log["process"]["pid"] for log in logs}
        matrix.add(
            row(
                f"{what}: receiver killed, stalled, restarted",
                count + 1,
                server.index,
                f"{len(pids)} workers",
            )
        )


def _get(base: str, number: int) -> int:
    import httpx

    return httpx.get(f"{base}/predict/{number}", timeout=30).status_code


def _answers(url: str) -> bool:
    import httpx

    try:
        return httpx.get(url, timeout=10).status_code == 200
    except httpx.HTTPError:
        return False


CELERY = """
import os, shipper
from celery import Celery
from shipper.integrations.celery import instrument

shipper.configure(service="tasks", to=os.environ["TO"], spool=os.environ["SPOOL"])
instrument()
app = Celery("tasks", broker="filesystem://", broker_transport_options={
    "data_folder_in": os.environ["QUEUE"], "data_folder_out": os.environ["QUEUE"],
    "control_folder": os.environ["CONTROL"]})
log = shipper.get_logger("tasks")

@app.task
def work(number):
    log.info("worked", number=number)
    with open(os.environ["DONE"], "a") as done:
        done.write("x")
"""


def test_celery_prefork(tmp_path: Path, matrix: Matrix) -> None:
    """A real worker with two children: their last records leave with them."""
    (tmp_path / "tasks.py").write_text(CELERY)
    for name in ("queue", "control"):
        (tmp_path / name).mkdir()
    with BeatsServer() as server:
        environment = {
            **os.environ, "TO": server.url, "SPOOL": str(tmp_path / "spool"),
            "QUEUE": str(tmp_path / "queue"),
            "CONTROL": str(tmp_path / "control"), "PYTHONPATH": f"{tmp_path}:{ROOT}",
            "DONE": str(tmp_path / "done"),
        }  # fmt: skip
        send = "import tasks; [tasks.work.delay(number) for number in range(200)]"
        subprocess.run(
            [sys.executable, "-c", send], cwd=tmp_path, env=environment, check=True, timeout=60
        )
        worker = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "tasks", "worker", "-P", "prefork", "-c", "2", "--without-gossip", "--without-mingle"],
            cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            # a task that left the queue may still wait in the worker: all must have run
            done = tmp_path / "done"
            wait_for(lambda: done.stat().st_size if done.exists() else 0, lambda n: n == 200, 60)
        finally:
            worker.send_signal(signal.SIGTERM)
            worker.wait(60)
        server.index.await_numbers(200, 5)
        matrix.add(row("Celery, 2 prefork children, 200 tasks", 200, server.index))
