"""An hour of a model service on four hosts, with its noise and its innocent changes."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from shipper.fingerprint import digest
from shipper.schema import schema

START = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
SECONDS = 3600.0
REQUESTS_PER_SECOND = 2.5
RESOURCE_SECONDS = 30.0
MODEL = "churn"
SERVICE = "scoring"
HOSTS = ("host-a", "host-b", "host-c", "host-d")
COUNTRIES = ("NO", "SE", "DK", "FI", "DE")
PLANS = ("free", "basic", "gold")
PARTNERS = ("direct", "north", "south")
ENDPOINTS = ("/score", "/score/batch")

METRICS = {
    "system.memory.actual.used.pct": 0.55,
    "system.filesystem.used.pct": 0.60,
    "system.cpu.total.norm.pct": 0.40,
    "system.process.fd.open": 180.0,
    "ml.gpu.memory.used.pct": 0.50,
}
"""What is sampled on each host, and where it usually lies."""

NOISE = (
    ("TimeoutError", "cache did not answer in 50 ms", "cache:get"),
    ("ValueError", "session 17 is over", "session:load"),
    ("ConnectionResetError", "connection reset by peer", "server:read"),
)


@dataclass(slots=True)
class Request:
    """One request, before it is a record."""

    number: int
    seconds: float
    host: str
    version: str
    partner: str
    customer: str
    endpoint: str
    numbers: dict[str, float]
    categories: dict[str, str]
    missing: list[str] = field(default_factory=list)
    milliseconds: float = 20.0


@dataclass(frozen=True, slots=True)
class Failure:
    """How a request fails."""

    type: str
    message: str
    culprit: str

    @property
    def fingerprint(self) -> str:
        """The fingerprint of its errors."""
        return digest((self.type, self.culprit))


Hook = Callable[[Request], Failure | None]
"""Looks at a request, may change it, and says how it fails."""
Level = Callable[[str, float], float | None]
"""Given host and second: the level of a metric, or None where it is as usual."""


class World:
    """Everything that happens in one run.

    Args:
        seed: Decides all that is random.
    """

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.hooks: list[Hook] = []
        self.levels: dict[str, list[Level]] = {}
        self.changes: list[dict[str, Any]] = []
        self.errors: list[dict[str, Any]] = []
        self.versions: list[tuple[float, str, tuple[str, ...]]] = [(-1.0, "1.0", HOSTS)]
        self.releases: list[tuple[float, str, tuple[str, ...]]] = [(-1.0, "3.1", HOSTS)]
        self.numpy: dict[str, str] = dict.fromkeys(HOSTS, "2.4.6")
        self.restarts: list[tuple[float, str]] = []
        self._number = 0

    def deploy(self, seconds: float, version: str, hosts: tuple[str, ...] = HOSTS) -> None:
        """Deploy a version of the model to some hosts."""
        before = self.version_on(hosts[0], seconds)
        self.versions.append((seconds, version, hosts))
        self.change(
            seconds,
            "model-deployed",
            model=MODEL,
            version=version,
            before=before,
            hosts=hosts,
        )

    def version_on(self, host: str, seconds: float) -> str:
        """Return the version of the model that a host serves."""
        return _latest(self.versions, host, seconds)

    def release_on(self, host: str, seconds: float) -> str:
        """Return the release of the service that runs on a host."""
        return _latest(self.releases, host, seconds)

    def node_on(self, host: str, seconds: float) -> str:
        """Return the process that runs on a host: another one after each restart."""
        return f"{host}:{4000 + sum(h == host and t <= seconds for t, h in self.restarts)}"

    def change(
        self,
        seconds: float,
        action: str,
        model: str = MODEL,
        version: str | None = None,
        before: str | None = None,
        hosts: tuple[str, ...] = (),
        name: str | None = None,
    ) -> None:
        """Record a life-cycle event."""
        lifecycle: dict[str, Any] = {}
        if before is not None:
            lifecycle["version"] = {"before": before, "after": version}
        if hosts:
            lifecycle["hosts"] = list(hosts)
        if name is not None:
            lifecycle["change"] = {"name": name}
        ml: dict[str, Any] = {"model": {"name": model}, "lifecycle": lifecycle}
        if version is not None:
            ml["model"]["version"] = version
        self.changes.append(self._record("lifecycle", seconds, event={"action": action}, ml=ml))

    def innocent_changes(self, onset: float) -> None:
        """Change things that have nothing to do with the fault, not close before it."""
        for _ in range(self.draw.randrange(3)):
            self.restarts.append((self.draw.uniform(60, SECONDS), self.draw.choice(HOSTS)))
        for _ in range(self.draw.randrange(4)):
            seconds = self.draw.uniform(60, SECONDS - 60)
            if onset - 420 < seconds < onset + 30:
                continue
            kind = self.draw.choice(("other model", "config", "same model"))
            if kind == "other model":
                self.change(seconds, "model-deployed", "ranker", "7.1", "7.0", HOSTS)
            elif kind == "config":
                self.change(seconds, "config-changed", name="log level")
            else:
                self.deploy(seconds, f"1.0.{len(self.versions)}")

    def error(
        self,
        seconds: float,
        service: str,
        failure: Failure,
        trace: str | None,
        host: str | None = None,
    ) -> None:
        """Record an error of another service, on its own host or on one of ours."""
        record = self._error(seconds, failure, service, host or f"{service}-1", trace)
        self.errors.append(record)

    def write(self, folder: Path) -> None:
        """Let the hour pass, and write what is recorded."""
        records: dict[str, list[dict[str, Any]]] = {"lifecycle": self.changes}
        records["prediction"], errors = self._serve()
        records["error"] = [*self.errors, *errors]
        records["resource"] = self._sample()
        for kind, items in records.items():
            path = folder / schema(kind).stream() / "s.ndjson"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"".join(orjson.dumps(item) + b"\n" for item in items))

    def _serve(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        predictions: list[dict[str, Any]] = []
        errors: list[dict[str, Any]] = []
        noise = [(self.draw.uniform(0.0005, 0.003), Failure(*item)) for item in NOISE]
        seconds = 0.0
        while True:
            seconds += self.draw.expovariate(REQUESTS_PER_SECOND)
            if seconds >= SECONDS:
                return predictions, errors
            request = self._request(seconds)
            failure = None
            for hook in self.hooks:
                failure = hook(request) or failure
            if failure is None:
                for rate, item in noise:
                    if self.draw.random() < rate:
                        failure = item
            trace = f"{request.number:032x}"
            predictions.append(self._prediction(request, failure, trace))
            if failure is not None:
                later = seconds + request.milliseconds / 1000
                error = self._error(later, failure, SERVICE, request.host, trace)
                error["ml"] = {
                    "model": {"name": MODEL, "version": request.version},
                    "prediction": {"id": f"p{request.number}"},
                }
                errors.append(error)

    def _request(self, seconds: float) -> Request:
        self._number += 1
        host = self.draw.choice(HOSTS)
        return Request(
            number=self._number,
            seconds=seconds,
            host=host,
            version=self.version_on(host, seconds),
            partner=self.draw.choices(PARTNERS, (6, 3, 1))[0],
            customer=f"c{int(self.draw.paretovariate(1.2)) % 200}",
            endpoint=self.draw.choices(ENDPOINTS, (4, 1))[0],
            numbers={
                "age": self.draw.gauss(45, 12),
                "income": self.draw.lognormvariate(10.5, 0.4),
                "tenure": self.draw.expovariate(1 / 30),
            },
            categories={
                "plan": self.draw.choices(PLANS, (6, 3, 1))[0],
                "country": self.draw.choice(COUNTRIES),
            },
            milliseconds=self.draw.lognormvariate(3.0, 0.3),
        )

    def _prediction(self, request: Request, failure: Failure | None, trace: str) -> dict[str, Any]:
        features: dict[str, Any] = {"number": request.numbers, "category": request.categories}
        if request.missing:
            features["missing"] = request.missing
        ml: dict[str, Any] = {
            "model": {"name": MODEL, "version": request.version},
            "prediction": {"id": f"p{request.number}"},
            "features": features,
            "segment": {"partner": request.partner, "customer": request.customer},
        }
        event = {
            "outcome": "success" if failure is None else "failure",
            "duration": int(request.milliseconds * 1e6),
        }
        record = self._record(
            "prediction",
            request.seconds,
            event=event,
            ml=ml,
            host={"name": request.host},
            trace={"id": trace},
            url={"path": request.endpoint},
        )
        self._place(record, request.host, request.seconds)
        if failure is not None:
            record["error"] = {"type": failure.type, "fingerprint": failure.fingerprint}
        else:
            ml["prediction"]["score"] = self.draw.random()
        return record

    def _error(
        self, seconds: float, failure: Failure, service: str, host: str, trace: str | None
    ) -> dict[str, Any]:
        record = self._record(
            "error",
            seconds,
            host={"name": host},
            error={
                "type": failure.type,
                "types": [failure.type],
                "message": failure.message,
                "template": failure.message,
                "fingerprint": failure.fingerprint,
                "culprit": failure.culprit,
            },
        )
        record["service"]["name"] = service
        if service == SERVICE:
            self._place(record, host, seconds)
        if trace is not None:
            record["trace"] = {"id": trace}
        return record

    def _sample(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for place in range(int(SECONDS / RESOURCE_SECONDS)):
            seconds = place * RESOURCE_SECONDS
            for host in HOSTS:
                record = self._record(
                    "resource", seconds, host={"name": host}, metricset={"name": "host"}
                )
                self._place(record, host, seconds)
                record["ml"] = {"libraries": {"python": "3.12.1", "numpy": self.numpy[host]}}
                for metric, usual in METRICS.items():
                    level = usual * math.exp(self.draw.gauss(0, 0.03))
                    for change in self.levels.get(metric, ()):
                        changed = change(host, seconds)
                        level = level if changed is None else changed
                    is_whole = metric.endswith("open")
                    _put(record, metric, int(level) if is_whole else min(1.0, level))
                found.append(record)
        return found

    def _place(self, record: dict[str, Any], host: str, seconds: float) -> None:
        """Say which release and which process on a host made a record."""
        service = record["service"]
        service["version"] = self.release_on(host, seconds)
        service["node"] = {"name": self.node_on(host, seconds)}

    def _record(self, kind: str, seconds: float, **parts: Any) -> dict[str, Any]:
        described = schema(kind)
        self._number += 1
        moment = (START + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")
        return {
            "@timestamp": moment.replace("+00:00", "Z"),
            "event": {
                "id": f"{kind}-{self._number}",
                "sequence": self._number,
                **parts.pop("event", {}),
            },
            "data_stream": {
                "type": described.stream_type,
                "dataset": described.dataset,
                "namespace": "default",
            },
            "service": {"name": SERVICE, "version": "3.1"},
            **parts,
        }


def _latest(known: list[tuple[float, str, tuple[str, ...]]], host: str, seconds: float) -> str:
    return [value for t, value, hosts in sorted(known) if t <= seconds and host in hosts][-1]


def _put(record: dict[str, Any], name: str, value: float) -> None:
    node = record
    *parents, leaf = name.split(".")
    for part in parents:
        node = node.setdefault(part, {})
    node[leaf] = value
