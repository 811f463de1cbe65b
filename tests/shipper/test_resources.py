"""Resource samples are complete, bounded and valid."""

from __future__ import annotations

import time

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
