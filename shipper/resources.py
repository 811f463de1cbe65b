"""Sample what the host and this process use: processor, memory, storage, network and GPU."""

from __future__ import annotations

import contextlib
import functools
import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import psutil

from shipper.forking import begin_anew_after_fork
from shipper.gpu import GpuSampler
from shipper.libraries import loaded_libraries
from shipper.records import Resource
from shipper.state import current
from shipper.values import Document

MINIMUM_SECONDS = 0.1

_log = logging.getLogger("elkhound.resources")

# File systems that hold no data of their own.
_PSEUDO_FILE_SYSTEMS = frozenset(("squashfs", "overlay", "tmpfs", "devtmpfs", "iso9660", "autofs"))
_MAXIMUM_FILE_SYSTEMS = 16
_MAXIMUM_INTERFACES = 16


class ResourceMonitor:
    """Samples in a thread until it is stopped.

    Args:
        every: Seconds between two samples.
    """

    def __init__(self, every: float) -> None:
        self._every = every
        self._is_child = False
        self._start()
        _running.add(self)
        begin_anew_after_fork(self)

    def stop(self) -> None:
        """End the sampling."""
        _running.discard(self)
        self._stop.set()
        self._thread.join(timeout=self._every + 1)

    def after_fork(self) -> None:
        """Go on in a child process with the child's own use; the parent sees to the host."""
        if self in _running:
            self._is_child = True
            self._start()

    def _start(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="elkhound-resources", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        sampler = ResourceSampler(process_only=self._is_child)
        while not self._stop.wait(self._every):
            pipeline = current()
            if pipeline is None:
                continue
            try:
                for record in sampler.sample():
                    pipeline.send(record)
            except Exception as error:
                pipeline.count_failure(error)


# A service need not keep what ``monitor_resources`` returns, and a child must find it after a fork.
_running: set[ResourceMonitor] = set()


def monitor_resources(every: float = 10.0) -> ResourceMonitor:
    """Begin to record what the host and this process use.

    Args:
        every: Seconds between two samples; at least 0.1.

    Returns:
        The running monitor; it ends with the process, or at ``stop()``.
    """
    return ResourceMonitor(max(MINIMUM_SECONDS, float(every)))


class ResourceSampler:
    """Takes samples; rates are over the time since the sample before.

    Args:
        process_only: Sample this process alone, not its host.
    """

    def __init__(self, process_only: bool = False) -> None:
        self._process_only = process_only
        self._process: psutil.Process | None = _tolerant(psutil.Process)
        if self._process is None:
            _log.info("resources are recorded in part: this process may not read /proc")
        self._gpu = None if process_only else GpuSampler()
        self._cores = _tolerant(psutil.cpu_count) or 1
        self._before = time.monotonic()
        self._processor_times = _tolerant(psutil.cpu_times)
        self._disk = _tolerant(psutil.disk_io_counters)
        self._network: dict[str, Any] = _tolerant(lambda: psutil.net_io_counters(pernic=True)) or {}
        self._process_times = self._ask("cpu_times")

    def sample(self) -> list[Resource]:
        """Return one record for the host, the process, and each file system, interface and GPU.

        What the system does not tell (a container without access, a missing counter) is left out.
        """
        now = time.monotonic()
        elapsed = max(now - self._before, 1e-9)
        self._before = now
        period = round(elapsed * 1000)
        parts: list[tuple[str, Document]] = [("process", self._own_process(elapsed))]
        if not self._process_only:
            parts += self._sample_host(elapsed)
        return [
            Resource(metricset=name, period=period, values=values)  # type: ignore[arg-type]
            for name, values in parts
            if values
        ]

    def _sample_host(self, elapsed: float) -> Iterator[tuple[str, Document]]:
        previous_network = self._network
        self._network = _tolerant(lambda: psutil.net_io_counters(pernic=True)) or {}
        yield "host", self._host(previous_network)
        yield from (("filesystem", values) for values in _file_systems())
        yield from (("network", v) for v in self._interfaces(previous_network, elapsed))
        if self._gpu is not None:
            yield from (("gpu", values) for values in self._gpu.sample())

    def _host(self, previous_network: dict[str, Any]) -> Document:
        host: Document = {}
        system: Document = {"cpu": self._processor(host)}
        with contextlib.suppress(OSError, AttributeError):
            one, five, fifteen = psutil.getloadavg()
            system["load"] = {"1": one, "5": five, "15": fifteen}
        memory = _tolerant(psutil.virtual_memory)
        swap = _tolerant(psutil.swap_memory)
        if memory is not None:
            used = memory.total - memory.available
            system["memory"] = {
                "total": memory.total,
                "free": memory.free,
                "actual": {
                    "free": memory.available,
                    "used": {"bytes": used, "pct": _share(used, memory.total)},
                },
            }
            if swap is not None:
                system["memory"]["swap"] = {
                    "total": swap.total,
                    "used": {"bytes": swap.used, "pct": _share(swap.used, swap.total)},
                }
        disk, self._disk = self._disk, _tolerant(psutil.disk_io_counters)
        if disk is not None and self._disk is not None:
            host["disk"] = {
                "read": {"bytes": max(0, self._disk.read_bytes - disk.read_bytes)},
                "write": {"bytes": max(0, self._disk.write_bytes - disk.write_bytes)},
            }
        if self._network:
            host["network"] = {
                "ingress": {"bytes": _grown(previous_network, self._network, "bytes_recv")},
                "egress": {"bytes": _grown(previous_network, self._network, "bytes_sent")},
            }
        return {"host": host, "system": system}

    def _processor(self, host: Document) -> Document:
        processor: Document = {"cores": self._cores}
        before, self._processor_times = self._processor_times, _tolerant(psutil.cpu_times)
        now = self._processor_times
        if before is None or now is None:
            return processor
        spent = {name: max(0.0, getattr(now, name) - getattr(before, name)) for name in now._fields}
        for nested in ("guest", "guest_nice"):  # counted within user and nice already
            spent.pop(nested, None)
        total = sum(spent.values())
        if total > 0:
            waiting = spent.get("iowait", 0.0)
            usage = _bounded(1.0 - (spent.get("idle", 0.0) + waiting) / total)
            processor["total"] = {"norm": {"pct": usage}}
            for name, share in (
                ("user", spent.get("user", 0.0) / total),
                ("system", spent.get("system", 0.0) / total),
                ("iowait", waiting / total),
            ):
                processor[name] = {"norm": {"pct": _bounded(share)}}
            host["cpu"] = {"usage": usage}
        return processor

    def _own_process(self, elapsed: float) -> Document:
        process: Document = {}
        before, self._process_times = self._process_times, self._ask("cpu_times")
        if before is not None and self._process_times is not None:
            now = self._process_times
            used = max(0.0, now.user + now.system - before.user - before.system)
            process["cpu"] = {
                "total": {
                    "pct": used / elapsed,
                    "norm": {"pct": _bounded(used / elapsed / self._cores)},
                }
            }
        memory = self._ask("memory_info")
        whole = _tolerant(psutil.virtual_memory)
        if memory is not None:
            process["memory"] = {"size": memory.vms, "rss": {"bytes": memory.rss}}
            if whole is not None:
                process["memory"]["rss"]["pct"] = _share(memory.rss, whole.total)
        threads = self._ask("num_threads")
        if threads is not None:
            process["num_threads"] = threads
        files = self._ask("num_fds")
        if files is not None:
            process["fd"] = {"open": files}
        transferred = self._ask("io_counters")
        if transferred is not None:
            process["io"] = {
                "read_bytes": transferred.read_bytes,
                "write_bytes": transferred.write_bytes,
            }
        if not process:
            return {}
        return {"system": {"process": process}, "ml": {"libraries": loaded_libraries()}}

    def _ask(self, method: str) -> Any:
        """Return what the system says of this process, or None where it does not."""
        return _tolerant(lambda: getattr(self._process, method)())

    def _interfaces(self, previous: dict[str, Any], elapsed: float) -> Iterator[Document]:
        for name, now in sorted(self._network.items())[:_MAXIMUM_INTERFACES]:
            received: Document = {
                "bytes": now.bytes_recv,
                "packets": now.packets_recv,
                "errors": now.errin,
                "dropped": now.dropin,
            }
            sent: Document = {
                "bytes": now.bytes_sent,
                "packets": now.packets_sent,
                "errors": now.errout,
                "dropped": now.dropout,
            }
            before = previous.get(name)
            if before is not None:
                received["rate"] = max(0, now.bytes_recv - before.bytes_recv) / elapsed
                sent["rate"] = max(0, now.bytes_sent - before.bytes_sent) / elapsed
            yield {"system": {"network": {"name": name, "in": received, "out": sent}}}


def _file_systems() -> Iterator[Document]:
    seen: set[str] = set()
    for partition in _tolerant(psutil.disk_partitions) or []:
        if partition.fstype in _PSEUDO_FILE_SYSTEMS or partition.device in seen:
            continue
        if len(seen) >= _MAXIMUM_FILE_SYSTEMS:
            return
        mount = partition.mountpoint
        usage = _tolerant(functools.partial(psutil.disk_usage, mount))
        if usage is None or not usage.total:
            continue
        seen.add(partition.device)
        yield {
            "system": {
                "filesystem": {
                    "device_name": partition.device,
                    "mount_point": mount,
                    "type": partition.fstype,
                    "total": usage.total,
                    "available": usage.free,
                    "used": {
                        "bytes": usage.used,
                        "pct": _share(usage.used, usage.used + usage.free),
                    },
                }
            }
        }


def _tolerant(read: Callable[[], Any]) -> Any:
    """Return what ``read`` returns, or None where the system does not allow it."""
    try:
        return read()
    except (psutil.Error, OSError, RuntimeError, NotImplementedError, AttributeError):
        return None


def _grown(before: dict[str, Any], now: dict[str, Any], field: str) -> int:
    return sum(
        max(0, getattr(counters, field) - getattr(before[name], field))
        for name, counters in now.items()
        if name in before
    )


def _share(part: float, whole: float) -> float:
    return _bounded(part / whole) if whole else 0.0


def _bounded(value: float) -> float:
    return min(1.0, max(0.0, value))
