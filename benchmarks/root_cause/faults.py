"""The faults: each makes a world go wrong, and says what would be the right cause to name.

Strengths, times, hosts and values are drawn; nothing here knows how causes are ranked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.root_cause.world import (
    HOSTS,
    PARTNERS,
    SECONDS,
    Failure,
    Request,
    World,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is right for one error group.

    Attributes:
        fingerprint: A fingerprint of the group.
        causes: Causes that are right: kind, field and value; ``""`` stands for any.
        onset: When it began, in seconds.
    """

    fingerprint: str
    causes: tuple[tuple[str, str, str], ...]
    onset: float


Fault = Callable[[World], list[Answer]]


def draw_onset(world: World) -> float:
    """Draw when a fault begins, in seconds."""
    return world.draw.uniform(0.3, 0.75) * SECONDS


def draw_strength(world: World) -> float:
    """Draw the share of the requests that fail, of those that a fault touches."""
    return world.draw.uniform(0.06, 0.9)


def bad_deploy_everywhere(world: World) -> list[Answer]:
    """A new version fails a share of its requests."""
    at, strength = draw_onset(world), draw_strength(world)
    failure = Failure("IndexError", "index 19 is out of bounds for axis 0", "model:score")
    world.deploy(at, "2.0")

    def hook(request: Request) -> Failure | None:
        return failure if request.version == "2.0" and world.draw.random() < strength else None

    world.hooks.append(hook)
    causes = (("change", "", "2.0"), ("value", "ml.model.version", "2.0"))
    return [Answer(failure.fingerprint, causes, at)]


def bad_deploy_on_some_hosts(world: World) -> list[Answer]:
    """The same, on one or two of four hosts."""
    at, strength = draw_onset(world), draw_strength(world)
    hosts = tuple(world.draw.sample(HOSTS, world.draw.choice((1, 2))))
    failure = Failure("KeyError", "'threshold'", "model:calibrate")
    world.deploy(at, "2.1", hosts)

    def hook(request: Request) -> Failure | None:
        return failure if request.version == "2.1" and world.draw.random() < strength else None

    world.hooks.append(hook)
    causes = (("change", "", "2.1"), ("value", "ml.model.version", "2.1"))
    return [Answer(failure.fingerprint, causes, at)]


def upstream_schema_change(world: World) -> list[Answer]:
    """A partner renames a field: its requests lack a feature, and fail."""
    at = draw_onset(world)
    partner = world.draw.choice(PARTNERS)
    failure = Failure("KeyError", "'income'", "features:build")

    def hook(request: Request) -> Failure | None:
        if request.seconds < at or request.partner != partner:
            return None
        del request.numbers["income"]
        request.missing.append("income")
        return failure

    world.hooks.append(hook)
    return [
        Answer(failure.fingerprint, (("missing-feature", "ml.features.missing", "income"),), at)
    ]


def missing_feature(world: World) -> list[Answer]:
    """A feature is null for some requests of everybody; most of these fail."""
    at, share = draw_onset(world), world.draw.uniform(0.1, 0.6)
    strength = world.draw.uniform(0.6, 1.0)
    failure = Failure("ValueError", "Input X contains NaN.", "model:predict")

    def hook(request: Request) -> Failure | None:
        if request.seconds < at or world.draw.random() >= share:
            return None
        del request.numbers["tenure"]
        request.missing.append("tenure")
        return failure if world.draw.random() < strength else None

    world.hooks.append(hook)
    return [
        Answer(failure.fingerprint, (("missing-feature", "ml.features.missing", "tenure"),), at)
    ]


def new_category(world: World) -> list[Answer]:
    """A category that the model never saw begins to come."""
    at, share = draw_onset(world), world.draw.uniform(0.02, 0.4)
    failure = Failure("ValueError", "Found unknown categories ['platinum']", "model:encode")

    def hook(request: Request) -> Failure | None:
        if request.seconds < at or world.draw.random() >= share:
            return None
        request.categories["plan"] = "platinum"
        return failure

    world.hooks.append(hook)
    causes = (("value", "ml.features.category.plan", "platinum"),)
    return [Answer(failure.fingerprint, causes, at)]


def unit_change(world: World) -> list[Answer]:
    """A feature comes in another unit; the model refuses most of these values."""
    at, strength = draw_onset(world), world.draw.uniform(0.2, 0.95)
    share = world.draw.uniform(0.1, 1.0)
    failure = Failure("ValueError", "income is out of range", "checks:income")

    def hook(request: Request) -> Failure | None:
        if request.seconds < at or world.draw.random() >= share:
            return None
        request.numbers["income"] *= 100
        return failure if world.draw.random() < strength else None

    world.hooks.append(hook)
    causes = (("feature", "ml.features.number.income", ""),)
    return [Answer(failure.fingerprint, causes, at)]


def fail_on_hosts(
    world: World, hosts: Sequence[str], at: float, strength: float, failure: Failure
) -> None:
    """Fail a share of the requests to some hosts, from a second on."""

    def hook(request: Request) -> Failure | None:
        is_hit = request.host in hosts and request.seconds >= at
        return failure if is_hit and world.draw.random() < strength else None

    world.hooks.append(hook)


def _until_full(
    world: World, metric: str, hosts: tuple[str, ...], begin: float, full: float, usual: float
) -> None:
    def level(host: str, seconds: float) -> float | None:
        if host not in hosts or seconds < begin:
            return None
        grown = usual + (0.985 - usual) * (seconds - begin) / (full - begin)
        return min(grown, world.draw.uniform(0.97, 0.995))

    world.levels.setdefault(metric, []).append(level)


def _exhaustion(world: World, metric: str, usual: float, failure: Failure) -> list[Answer]:
    full, strength = draw_onset(world), world.draw.uniform(0.06, 0.9)
    begin = full - world.draw.uniform(300, 900)
    hosts = tuple(world.draw.sample(HOSTS, world.draw.choice((1, 1, 2, 4))))
    _until_full(world, metric, hosts, begin, full, usual)

    fail_on_hosts(world, hosts, full, strength, failure)
    return [Answer(failure.fingerprint, (("resource", metric, ""),), full)]


def memory_leak(world: World) -> list[Answer]:
    """Memory grows until allocations fail."""
    failure = Failure("MemoryError", "unable to allocate 64 MiB", "explain:perturb")
    return _exhaustion(world, "system.memory.actual.used.pct", 0.55, failure)


def gpu_memory(world: World) -> list[Answer]:
    """GPU memory grows until the encoder fails."""
    failure = Failure("torch.OutOfMemoryError", "CUDA out of memory", "encoder:forward")
    return _exhaustion(world, "ml.gpu.memory.used.pct", 0.5, failure)


def disk_full(world: World) -> list[Answer]:
    """The disk fills until nothing can be written."""
    failure = Failure("OSError", "No space left on device", "cache:store")
    return _exhaustion(world, "system.filesystem.used.pct", 0.6, failure)


def _dependency(world: World, service: str, theirs: Failure, ours: Failure) -> list[Answer]:
    at, strength = draw_onset(world), draw_strength(world)

    def hook(request: Request) -> Failure | None:
        if request.seconds < at or world.draw.random() >= strength:
            return None
        request.milliseconds += world.draw.uniform(100, 400)
        if world.draw.random() < 0.8:  # not every error of theirs is recorded
            moment = request.seconds + request.milliseconds / 2000
            world.error(moment, service, theirs, f"{request.number:032x}")
        return ours

    world.hooks.append(hook)
    return [Answer(ours.fingerprint, (("upstream", "", theirs.fingerprint),), at)]


def slow_dependency(world: World) -> list[Answer]:
    """The feature store answers too late, and says so itself."""
    theirs = Failure("QueryTimeout", "query took longer than 400 ms", "store:query")
    ours = Failure("TimeoutError", "features did not come in time", "features:fetch")
    return _dependency(world, "feature-store", theirs, ours)


def expired_credential(world: World) -> list[Answer]:
    """A token expires: the gateway refuses, the service fails."""
    theirs = Failure("TokenExpired", "token of scoring has expired", "vault:check")
    ours = Failure("PermissionError", "the profile service refuses (401)", "profiles:get")
    return _dependency(world, "gateway", theirs, ours)


def bad_host(world: World) -> list[Answer]:
    """One host fails a share of its requests; nothing else tells it from the others."""
    at, strength = draw_onset(world), draw_strength(world)
    host = world.draw.choice(HOSTS)
    failure = Failure("OSError", "Input/output error", "model:load")

    fail_on_hosts(world, (host,), at, strength, failure)
    return [Answer(failure.fingerprint, (("value", "host.name", host),), at)]


def poison_request(world: World) -> list[Answer]:
    """One customer's requests fail, every time, and are sent again and again."""
    at, share = draw_onset(world), world.draw.uniform(0.01, 0.1)
    failure = Failure("RecursionError", "maximum recursion depth exceeded", "rules:expand")

    def hook(request: Request) -> Failure | None:
        if request.seconds < at or world.draw.random() >= share:
            return None
        request.customer = "c-poison"
        return failure

    world.hooks.append(hook)
    causes = (("value", "ml.segment.customer", "c-poison"),)
    return [Answer(failure.fingerprint, causes, at)]


def two_at_once(world: World) -> list[Answer]:
    """Two faults with nothing in common."""
    first, second = world.draw.sample(
        (bad_deploy_on_some_hosts, new_category, memory_leak, slow_dependency, poison_request), 2
    )
    return [*first(world), *second(world)]


def nothing(world: World) -> list[Answer]:
    """Noise alone, now and then in a burst without a cause; nobody is to be accused."""
    at, strength = draw_onset(world), world.draw.uniform(0.0, 0.06)
    failure = Failure("TimeoutError", "upstream proxy closed the connection", "server:proxy")

    def hook(request: Request) -> Failure | None:
        inside = at <= request.seconds < at + 600
        return failure if inside and world.draw.random() < strength else None

    world.hooks.append(hook)
    return []
