"""Resources: CPU, memory, storage, network and GPU, by host and process."""

from __future__ import annotations

from kibana.dashboard import Dashboard, rows
from kibana.dashboards.parts import about, controls
from kibana.lens import (
    BYTES,
    DECIMALS,
    PERCENT,
    Chart,
    Form,
    lines_over_time,
    metric,
    number,
    top_values,
)

_HOST = top_values("Host", "host.name", 8, "value", with_others=False)


def _level(
    label: str, field: str, form: Form | None = PERCENT, operation: str = "average"
) -> Chart:
    return lines_over_time("resource", number(label, operation, field, form), _HOST)


def _split(label: str, field: str, by: str, title: str, form: Form | None = PERCENT) -> Chart:
    split = top_values(title, by, 8, "value", with_others=False)
    return lines_over_time("resource", number(label, "max", field, form), split)


RESOURCES = Dashboard(
    name="resources",
    title="Elkhound: resources",
    description="CPU, memory, storage, network and GPU of hosts and processes.",
    controls=controls("resource", "service", "host", "environment"),
    panels=rows(
        about(
            "resources",
            "**A good day** stays below 80 %, and nothing climbs from day to day. Memory or "
            "threads that only rise are a leak: `elkhound incidents` names it.",
        ),
        (6, [
            ("cpu-now", "CPU, highest", metric("resource", number(
                "CPU", "max", "system.cpu.total.norm.pct", PERCENT)), 12),
            ("memory-now", "Memory, highest", metric("resource", number(
                "Memory", "max", "system.memory.actual.used.pct", PERCENT)), 12),
            ("disk-now", "Storage, fullest", metric("resource", number(
                "Storage", "max", "system.filesystem.used.pct", PERCENT)), 12),
            ("gpu-now", "GPU memory, highest", metric("resource", number(
                "GPU memory", "max", "ml.gpu.memory.used.pct", PERCENT)), 12,
             "Empty where there is no GPU."),
        ]),
        (11, [
            ("cpu", "CPU over time, by host",
             _level("CPU", "system.cpu.total.norm.pct"), 24),
            ("memory", "Memory over time, by host",
             _level("Memory", "system.memory.actual.used.pct"), 24),
        ]),
        (11, [
            ("process-memory", "Memory of processes over time, by host",
             _level("Resident memory", "system.process.memory.rss.bytes", BYTES, "max"), 24),
            ("threads", "Threads of processes over time, by host",
             _level("Threads", "system.process.num_threads", None, "max"), 24),
        ]),
        (11, [
            ("storage", "Storage over time, by mount point", _split(
                "Used", "system.filesystem.used.pct", "system.filesystem.mount_point",
                "Mount point"), 24),
            ("network", "Network in over time, by interface", _split(
                "Bytes a second", "system.network.in.rate", "system.network.name", "Interface",
                BYTES), 24),
        ]),
        (11, [
            ("gpu", "GPU utilisation over time, by GPU", _split(
                "Utilisation", "ml.gpu.utilization.pct", "ml.gpu.uuid", "GPU"), 24,
             "Empty where there is no GPU."),
            ("load", "Load over time, by host",
             _level("Load, one minute", "system.load.1", DECIMALS), 24),
        ]),
    ),
)  # fmt: skip
