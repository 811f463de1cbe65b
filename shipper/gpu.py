"""Sample NVIDIA GPUs through NVML (``pip install elkhound[gpu]``); without one, say so once."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from typing import Any

from shipper.values import Document

_log = logging.getLogger("elkhound.gpu")


class GpuSampler:
    """Reads all GPUs of the host; yields nothing where there are none."""

    def __init__(self) -> None:
        self._library: Any = None
        self._handles: list[Any] = []
        try:
            import pynvml
        except ImportError:
            return
        try:
            pynvml.nvmlInit()
            self._handles = [
                pynvml.nvmlDeviceGetHandleByIndex(index)
                for index in range(pynvml.nvmlDeviceGetCount())
            ]
        except pynvml.NVMLError as reason:
            _log.info("no GPU is recorded: %s", reason)
            return
        self._library = pynvml

    def sample(self) -> Iterator[Document]:
        """Yield one document for each GPU; a value the driver does not tell is left out."""
        for index, handle in enumerate(self._handles):
            gpu: Document = {"index": index}
            self._add(gpu, "uuid", lambda h=handle: _text(self._library.nvmlDeviceGetUUID(h)))
            self._add(gpu, "name", lambda h=handle: _text(self._library.nvmlDeviceGetName(h)))
            self._add(gpu, "utilization", lambda h=handle: self._utilization(h))
            self._add(gpu, "memory", lambda h=handle: self._memory(h))
            self._add(gpu, "process", lambda h=handle: self._own_memory(h))
            self._add(gpu, "temperature", lambda h=handle: self._temperature(h))
            self._add(
                gpu, "power", lambda h=handle: self._library.nvmlDeviceGetPowerUsage(h) / 1000
            )
            yield {"ml": {"gpu": gpu}}

    def _add(self, document: Document, name: str, read: Any) -> None:
        try:
            document[name] = read()
        except self._library.NVMLError:
            return

    def _utilization(self, handle: Any) -> Document:
        return {"pct": self._library.nvmlDeviceGetUtilizationRates(handle).gpu / 100}

    def _memory(self, handle: Any) -> Document:
        memory = self._library.nvmlDeviceGetMemoryInfo(handle)
        return {
            "total": memory.total,
            "used": {
                "bytes": memory.used,
                "pct": memory.used / memory.total if memory.total else 0.0,
            },
        }

    def _own_memory(self, handle: Any) -> Document:
        own = os.getpid()
        processes = self._library.nvmlDeviceGetComputeRunningProcesses(handle)
        used = sum(process.usedGpuMemory or 0 for process in processes if process.pid == own)
        return {"memory": {"bytes": used}}

    def _temperature(self, handle: Any) -> float:
        sensor = self._library.NVML_TEMPERATURE_GPU
        return float(self._library.nvmlDeviceGetTemperature(handle, sensor))


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
