"""Faults that leave less to see: no limit, no record of the change, no request that succeeds."""

from __future__ import annotations

from benchmarks.root_cause.faults import (
    Answer,
    draw_onset,
    draw_strength,
    fail_on_hosts,
    missing_feature,
)
from benchmarks.root_cause.world import COUNTRIES, HOSTS, SECONDS, Failure, Request, World


def file_handles(world: World) -> list[Answer]:
    """A process leaks sockets until it may open no more; its limit is recorded nowhere."""
    full, strength = draw_onset(world), draw_strength(world)
    begin = full - world.draw.uniform(200, 900)
    limit = world.draw.uniform(400, 1024)
    hosts = tuple(world.draw.sample(HOSTS, world.draw.choice((1, 1, 2, 4))))
    failure = Failure("OSError", "Too many open files", "server:accept")

    def level(host: str, seconds: float) -> float | None:
        if host not in hosts or seconds < begin:
            return None
        grown = 180 + (limit - 180) * min(1.0, (seconds - begin) / (full - begin))
        return grown * world.draw.uniform(0.98, 1.0)

    world.levels.setdefault("system.process.fd.open", []).append(level)
    fail_on_hosts(world, hosts, full, strength, failure)
    return [Answer(failure.fingerprint, (("resource", "system.process.fd.open", ""),), full)]


def restart(world: World) -> list[Answer]:
    """A process starts anew on one host, without its warm cache, and fails a share."""
    at, strength = draw_onset(world), draw_strength(world)
    host = world.draw.choice(HOSTS)
    failure = Failure("LookupError", "cache is empty", "cache:first")
    world.restarts.append((at, host))

    fail_on_hosts(world, (host,), at, strength, failure)
    return [Answer(failure.fingerprint, (("restart", "", host),), at)]


def unrecorded_release(world: World) -> list[Answer]:
    """A release of the service fails a share; nobody recorded that it was rolled out."""
    at, strength = draw_onset(world), draw_strength(world)
    hosts = tuple(world.draw.sample(HOSTS, world.draw.choice((1, 2, 4))))
    failure = Failure("TypeError", "score() takes 2 arguments", "service:score")
    world.releases.append((at, "3.2", hosts))
    world.restarts += [(at, host) for host in hosts]

    fail_on_hosts(world, hosts, at, strength, failure)
    causes = (("change", "service.version", "3.2"), ("value", "service.version", "3.2"))
    return [Answer(failure.fingerprint, causes, at)]


def pair_of_values(world: World) -> list[Answer]:
    """A rule fails for one plan in one country, and for nobody else."""
    at, strength = draw_onset(world), world.draw.uniform(0.3, 1.0)
    plan, country = world.draw.choice(("basic", "gold")), world.draw.choice(COUNTRIES)
    failure = Failure("ZeroDivisionError", "division by zero", "rules:discount")

    def hook(request: Request) -> Failure | None:
        is_hit = request.categories == {"plan": plan, "country": country}
        is_hit = is_hit and request.seconds >= at
        return failure if is_hit and world.draw.random() < strength else None

    world.hooks.append(hook)
    fields, values = ("ml.features.category.plan", "ml.features.category.country"), (plan, country)
    causes = tuple(
        ("value", " and ".join(f), " and ".join(v))
        for f, v in ((fields, values), (fields[::-1], values[::-1]))
    )
    return [Answer(failure.fingerprint, causes, at)]


def total_outage(world: World) -> list[Answer]:
    """A feature is gone from every request, and every request fails."""
    at = draw_onset(world)
    failure = Failure("KeyError", "'age'", "features:build")

    def hook(request: Request) -> Failure | None:
        if request.seconds < at:
            return None
        del request.numbers["age"]
        request.missing.append("age")
        return failure

    world.hooks.append(hook)
    return [Answer(failure.fingerprint, (("missing-feature", "ml.features.missing", "age"),), at)]


def driver_of_a_host(world: World) -> list[Answer]:
    """A GPU driver on one host resets now and then; what runs there fails until it is back."""
    at, strength = draw_onset(world), world.draw.uniform(0.3, 1.0)
    host = world.draw.choice(HOSTS)
    theirs = Failure("XidError", "GPU has fallen off the bus", "driver:reset")
    ours = Failure("RuntimeError", "CUDA error: device unavailable", "encoder:forward")
    resets: list[float] = []
    moment = at
    while moment < SECONDS and len(resets) < 12:
        resets.append(moment)
        world.error(moment, "gpu-driver", theirs, None, host)
        moment += world.draw.uniform(60, 240)

    def hook(request: Request) -> Failure | None:
        is_hit = request.host == host and any(t < request.seconds < t + 12 for t in resets)
        return ours if is_hit and world.draw.random() < strength else None

    world.hooks.append(hook)
    causes = (("upstream", "", theirs.fingerprint), ("value", "host.name", host))
    return [Answer(ours.fingerprint, causes, at)]


def confounded_deploy(world: World) -> list[Answer]:
    """A feature goes missing a minute or two after an innocent deployment."""
    answers = missing_feature(world)
    world.deploy(answers[0].onset - world.draw.uniform(30, 150), "1.9")
    return answers


def library_version(world: World) -> list[Answer]:
    """Two hosts run on another NumPy, and fail since a client sends what that one refuses."""
    at, strength = draw_onset(world), draw_strength(world)
    hosts = tuple(world.draw.sample(HOSTS, 2))
    world.numpy |= dict.fromkeys(hosts, "2.5.0")
    failure = Failure("TypeError", "cannot cast array data", "model:score")

    fail_on_hosts(world, hosts, at, strength, failure)
    return [Answer(failure.fingerprint, (("value", "ml.libraries.numpy", "2.5.0"),), at)]


def drift_for_everybody(world: World) -> list[Answer]:
    """A feature is shifted in all requests; a few of them fail for it, hardly told by its value."""
    at, strength = draw_onset(world), world.draw.uniform(0.06, 0.5)
    factor = world.draw.uniform(5, 50)
    failure = Failure("OverflowError", "score is not finite", "model:score")

    def hook(request: Request) -> Failure | None:
        if request.seconds < at:
            return None
        request.numbers["tenure"] = 200 + request.numbers["tenure"] * factor
        return failure if world.draw.random() < strength else None

    world.hooks.append(hook)
    return [Answer(failure.fingerprint, (("feature", "ml.features.number.tenure", ""),), at)]


def outage_without_a_trace(world: World) -> list[Answer]:
    """Everything fails for a while, and nothing that is recorded says why."""
    at, length = draw_onset(world), world.draw.uniform(120, 600)
    strength = world.draw.uniform(0.3, 1.0)
    failure = Failure("ConnectionError", "no route to host", "features:fetch")

    def hook(request: Request) -> Failure | None:
        inside = at <= request.seconds < at + length
        return failure if inside and world.draw.random() < strength else None

    world.hooks.append(hook)
    return []
