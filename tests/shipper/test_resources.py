"""Resource samples are complete, bounded and valid."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import orjson
import psutil
import pytest

import shipper
from shipper.gpu import GpuSampler
from shipper.records import Resource
from shipper.resources import ResourceSampler
from tests.conftest import Records


@pytest.fixture(scope="module")
def samples() -> list[Resource]:
    """The second sample of a process that worked for a moment."""
    sampler = ResourceSampler()
    end = time.monotonic() + 0.3
    while time.monotonic() < end:
        sum(range(1000))
    return sampler.sample()


def find(samples: list[Resource], name: str) -> Resource:
    """Return the first sample of a set."""
    return next(sample for sample in samples if sample.metricset == name)


def test_the_process_is_measured(samples: list[Resource]) -> None:
    """A busy process uses most of one core, and its memory is what psutil says."""
    process = find(samples, "process").values["system"]["process"]
    assert 0.3 < process["cpu"]["total"]["pct"] < 1.5
    assert process["memory"]["rss"]["bytes"] == pytest.approx(
        psutil.Process().memory_info().rss, rel=0.2
    )
    assert process["num_threads"] >= 1


def test_the_host_is_measured(samples: list[Resource]) -> None:
    """Shares lie between 0 and 1."""
    host = find(samples, "host").values
    memory = host["system"]["memory"]["actual"]["used"]
    assert 0 < memory["pct"] < 1
    assert 0 <= host["host"]["cpu"]["usage"] <= 1
    assert host["host"]["network"]["ingress"]["bytes"] >= 0


def test_interfaces_have_a_bandwidth(samples: list[Resource]) -> None:
    """Counters and bytes per second of each interface."""
    network = find(samples, "network").values["system"]["network"]
    assert network["name"]
    assert network["in"]["rate"] >= 0


def test_a_monitor_records_until_it_is_stopped(spool: object, records: Records) -> None:
    """Samples arrive at their interval and end with ``stop``."""
    monitor = shipper.monitor_resources(every=0.1)
    time.sleep(0.5)
    monitor.stop()
    found = records("resource")
    assert {"host", "process"} <= {record["metricset"]["name"] for record in found}
    assert found[0]["data_stream"]["type"] == "metrics"
    time.sleep(0.3)
    assert len(records("resource")) == len(found)


def test_a_machine_without_a_gpu_yields_none() -> None:
    """No driver is no error."""
    for gpu in GpuSampler().sample():
        assert 0 <= gpu["ml"]["gpu"]["memory"]["used"]["pct"] <= 1


def test_a_container_without_proc_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be read is left out; what can is still recorded."""
    monkeypatch.setattr(psutil, "PROCFS_PATH", "/nonexistent", raising=False)
    for sample in ResourceSampler().sample():
        assert sample.document()["metricset"]["name"] in ("host", "filesystem")


def test_a_sample_costs_less_than_half_a_percent_of_a_core() -> None:
    """At one sample in ten seconds that is 50 ms; it takes about one."""
    sampler = ResourceSampler()
    begun = time.process_time()
    for _ in range(20):
        sampler.sample()
    assert (time.process_time() - begun) / 20 < 0.05


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_child_goes_on_with_its_own_use(tmp_path: Path) -> None:
    """Prefork servers: the host is sampled once, each worker by itself."""
    code = """
import os, sys, time, shipper
shipper.configure(service="s", to="file:" + sys.argv[1])
shipper.monitor_resources(every=0.2)
if os.fork() == 0:
    time.sleep(0.7)
    sys.exit(0)
os.wait()
"""
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, timeout=60)
    found = [
        orjson.loads(line)
        for path in tmp_path.glob("metrics-*/*.ndjson")
        for line in path.read_bytes().splitlines()
    ]
    by_pid: dict[int, set[str]] = {}
    for record in found:
        by_pid.setdefault(record["process"]["pid"], set()).add(record["metricset"]["name"])
    kinds = sorted(by_pid.values(), key=len)
    assert kinds[0] == {"process"}
    assert {"process", "host"} <= kinds[1]
