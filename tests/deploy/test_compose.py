"""The compose file is valid, and every path, port, variable and role in it exists.

No engine runs here: the file is checked against the Compose specification's own schema, and
everything it names against what it is named after.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import click
import jsonschema
import pytest
import yaml

from analyzers.cli import main
from analyzers.setup.access import ENCODED, ID_AND_KEY, ROLES
from analyzers.stores.locations import OPTIONS
from examples.flight_delay import demo
from shipper.address import parse_address
from tests.elasticsearch_node import VERSION

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
DEFAULTS = dict(re.findall(r"^([A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE))
REFERENCES = re.findall(r"(?<!\$)\$\{([A-Z_]+)(?:(:[-?])([^}]*))?\}", TEXT)
ONE_SHOT = {"certificates", "setup", "dashboards", "elkhound", "demo"}


def volumes_of(service: dict[str, Any]) -> list[tuple[str, str, bool]]:
    """Return source, target and whether it is read only, for each volume."""
    found: list[tuple[str, str, bool]] = []
    for text in service.get("volumes", []):
        source, target, *rest = re.sub(r"\$\{[A-Z_]+:-([^}]*)\}", r"\1", text).split(":")
        found.append((source, target, rest == ["ro"]))
    return found


def test_the_file_follows_the_specification() -> None:
    """With every variable at its default."""
    found = importlib.util.find_spec("check_jsonschema")  # its import would need a newer click
    assert found is not None
    assert found.origin is not None
    file = Path(found.origin).parent / "builtin_schemas/vendor/compose-spec.json"
    validator = jsonschema.Draft202012Validator(json.loads(file.read_text(encoding="utf-8")))
    assert [error.message for error in validator.iter_errors(COMPOSE)] == []
    broken = {**COMPOSE, "services": {"a": {"imagge": "x"}}}
    assert not validator.is_valid(broken)


def test_every_variable_is_in_the_example_and_the_other_way_round() -> None:
    """With the same default; a secret has none and must be given."""
    used = {name for name, _, _ in REFERENCES}
    assert used == set(DEFAULTS)
    for name, operator, value in REFERENCES:
        if name.endswith(("_PASSWORD", "_KEY")):
            assert (operator, DEFAULTS[name]) == (":?", ""), name
        else:
            assert (operator, value) == (":-", DEFAULTS[name]), name


def test_paths_of_this_folder_exist() -> None:
    """What is mounted, and what the image is made of."""
    for name, service in SERVICES.items():
        for source, _, is_read_only in volumes_of(service):
            if source.startswith("."):
                assert (ROOT / source).exists(), (name, source)
                assert is_read_only, (name, source)
        if "build" in service:
            assert (ROOT / service["build"]["dockerfile"]).is_file()
    docker = (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8")
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8")
    for line in re.findall(r"^COPY (.+)$", docker, re.MULTILINE):
        for path in line.split()[:-1]:
            assert (ROOT / path).exists(), path
            assert f"!{path}\n" in ignored, path
    targets = set(re.findall(r"^FROM .* AS (\w+)$", docker, re.MULTILINE))
    assert {s["build"]["target"] for s in SERVICES.values() if "build" in s} == targets


def test_volumes_are_declared_and_used() -> None:
    """All of them, and each is made with the right owner by an image of ours."""
    used = {s for service in SERVICES.values() for s, _, _ in volumes_of(service) if s[0] != "."}
    assert used == set(COMPOSE["volumes"])
    docker = (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8")
    owned = re.findall(r"chown -R elkhound (.*)", docker)[0].split()
    for service in SERVICES.values():
        for _, target, is_read_only in volumes_of(service):
            if "build" in service and not is_read_only:
                assert any(target == path or target.startswith(f"{path}/") for path in owned)


def test_every_port_is_of_this_machine_alone() -> None:
    """And in the container the one that its service listens on."""
    listening = {"elasticsearch": {9200}, "kibana": {5601}, "logstash": {5044, 8080, 5000},
                 "prometheus": {9090}, "grafana": {3000}}  # fmt: skip
    for name, service in SERVICES.items():
        inside = set()
        for text in service.get("ports", []):
            assert text.startswith("127.0.0.1:"), (name, text)
            inside.add(int(text.rpartition(":")[2]))
        assert inside == listening.get(name, set()), name
    confs = "".join(p.read_text() for p in (ROOT / "logstash/pipeline").glob("*.conf"))
    assert set(map(int, re.findall(r"_PORT:(\d+)", confs))) == listening["logstash"]


def test_limits_restarts_and_health() -> None:
    """Every container is bounded; what runs on says how it is."""
    for name, service in SERVICES.items():
        assert "mem_limit" in service, name
        assert service["restart"] == ("no" if name in ONE_SHOT else "unless-stopped"), name
        assert ("healthcheck" in service) == (name not in ONE_SHOT), name
        for other, how in service.get("depends_on", {}).items():
            wanted = "service_completed_successfully" if other in ONE_SHOT else "service_healthy"
            assert how == {"condition": wanted}, (name, other)


def test_what_is_not_asked_for_does_not_start() -> None:
    """The stack alone; all else by a profile."""
    assert {name for name, service in SERVICES.items() if "profiles" not in service} == {
        "certificates", "elasticsearch", "setup", "logstash", "kibana", "dashboards",
    }  # fmt: skip
    profiles = {p for service in SERVICES.values() for p in service.get("profiles", [])}
    assert profiles == {"commands", "agent", "demo", "monitoring"}


def test_security_is_on() -> None:
    """TLS and passwords everywhere, a basic licence, and keys for what Kibana encrypts."""
    settings = SERVICES["elasticsearch"]["environment"]
    for name in ("security", "security.http.ssl", "security.transport.ssl"):
        assert settings[f"xpack.{name}.enabled"] == "true"
    assert settings["xpack.license.self_generated.type"] == "basic"
    kibana = SERVICES["kibana"]["environment"]
    for name in ("SECURITY", "ENCRYPTEDSAVEDOBJECTS", "REPORTING"):
        assert f"XPACK_{name}_ENCRYPTIONKEY" in kibana
    logstash = SERVICES["logstash"]["environment"]
    assert (logstash["ELKHOUND_BEATS"], logstash["ELKHOUND_HTTP"]) == ("tls", "tls")
    assert logstash["ELKHOUND_OUTPUT"] == "key"
    assert not re.search(r"verify\w*[=:] ?\"?(?:no|none|false)", TEXT)


def test_certificates_are_those_that_are_used() -> None:
    """Each file under /certificates is made, for the host whose name clients check."""
    folder, *rest = SERVICES["certificates"]["command"]
    hosts = rest[: rest.index("--authority")]
    made = {"ca.crt", *(f"{host}.{end}" for host in hosts for end in ("crt", "key"))}
    used = set(re.findall(r"certificates/([\w.-]+\.(?:crt|key))", TEXT))
    assert used == made
    assert set(hosts) < set(SERVICES)
    for host in re.findall(r"(?:https|beats\+tls)://([a-z]+)", TEXT):
        if host != "localhost":
            assert host in hosts, host
    mounted = [t for t in TEXT.split("\n") if "authority:/authority" in t]
    assert len(mounted) == 1, "the authority's key is for the service that signs, and no other"
    assert folder == "/certificates"


def test_each_service_has_the_key_of_its_role_alone() -> None:
    """The writer's for Logstash, the analyzer's for commands, the reader's for Grafana."""
    held = {
        name: {
            target.rpartition("/")[2] for _, target, _ in volumes_of(service) if "/keys/" in target
        }
        for name, service in SERVICES.items()
    }
    assert held.pop("setup") == set(ROLES)
    assert {name: roles for name, roles in held.items() if roles} == {
        "logstash": {"writer"},
        "elkhound": {"analyzer"},
        "demo": {"analyzer"},
        "grafana": {"reader"},
    }
    files = re.findall(r"/keys/(\w+)/([\w-]+)", TEXT)
    assert {role for role, _ in files} <= set(ROLES)
    assert {file for _, file in files} <= {ENCODED, ID_AND_KEY}
    assert f"/keys/writer/{ID_AND_KEY}" in SERVICES["logstash"]["command"][0]


def test_variables_of_the_pipelines_are_known() -> None:
    """Each is read by a pipeline, and what the chosen ones need is given."""
    folder = ROOT / "logstash"
    given = SERVICES["logstash"]["environment"]
    texts = "".join(path.read_text() for path in folder.rglob("*") if path.is_file())
    known = set(re.findall(r"\$\{(ELKHOUND_\w+)", texts))
    set_there = {name for name in given if name.startswith("ELKHOUND_")}
    assert set_there <= known
    for intake in ("BEATS", "HTTP"):
        chosen = folder / "pipeline" / f"{intake.lower()}-{given[f'ELKHOUND_{intake}']}.conf"
        assert chosen.is_file()
    output = (folder / "pipeline" / f"output-{given['ELKHOUND_OUTPUT']}.conf").read_text()
    needed = set(re.findall(r"\$\{(ELKHOUND_\w+)\}", output))
    assert needed - {"ELKHOUND_ELASTICSEARCH_API_KEY"} <= set_there
    assert "export ELKHOUND_ELASTICSEARCH_API_KEY=" in SERVICES["logstash"]["command"][0]
    tls = (folder / "pipeline" / "beats-tls.conf").read_text()
    assert set(re.findall(r"\$\{(ELKHOUND_TLS_\w+)\}", tls)) <= set_there


def test_variables_of_the_commands_are_known() -> None:
    """Connection, credentials, destination and replicas."""
    known = {option.variable for option in OPTIONS.values()} | {
        "ELKHOUND_STORE", "ELKHOUND_TO", "ELKHOUND_PASSWORD", "ELKHOUND_REPLICAS",
    }  # fmt: skip
    for name, service in SERVICES.items():
        if "build" in service:
            for variable in service.get("environment", {}):
                assert variable in known or variable == "KIBANA_PASSWORD", (name, variable)


def elkhound_calls() -> list[tuple[str, list[str]]]:
    """Return every call of the command line in the file."""
    calls = [
        (name, service["command"])
        for name, service in SERVICES.items()
        if service.get("image") == "elkhound" and "entrypoint" not in service
    ]
    for name in ("setup",):
        for part in SERVICES[name]["command"][0].split(";"):
            words = shlex.split(part)
            if words[0] == "elkhound":
                calls.append((name, words[1:]))
            else:
                assert (ROOT / words[1]).is_file(), words
    return calls


@pytest.mark.parametrize(("service", "arguments"), elkhound_calls())
def test_every_call_is_one_that_the_command_line_takes(
    service: str, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names of commands and options, parsed and not run."""
    for name, value in SERVICES[service].get("environment", {}).items():
        monkeypatch.setenv(name, re.sub(r"\$\{REPLICAS:-(.*)\}", r"\1", str(value)))
    context = click.Context(main)
    verb, *rest = arguments
    command = main.get_command(context, verb)
    assert command is not None
    rest = ["." if word.startswith("/") else word for word in rest]
    command.make_context(verb, rest, parent=context)


def test_the_demo_takes_its_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    """Each option is one of its own."""
    with pytest.raises(SystemExit):
        demo.main(["--help"])
    told = capsys.readouterr().out
    for argument in SERVICES["demo"]["command"]:
        assert argument.partition("=")[0] in told, argument


def test_destinations_are_such(tmp_path: Path) -> None:
    """Read the way the shipper does, with an authority that is there."""
    authority = tmp_path / "ca.crt"
    authority.write_text("x")
    found = re.findall(r"(beats\+tls://\S+)", TEXT)
    assert len(found) == 2
    for text in found:
        address = parse_address(text.replace("/certificates/ca.crt", str(authority)))
        assert (address.host, address.port) == ("logstash", 5044)


def test_the_version_is_the_one_that_the_tests_run_on() -> None:
    """Elasticsearch, Logstash and Kibana alike."""
    assert DEFAULTS["STACK_VERSION"] == VERSION
    for name in ("elasticsearch", "logstash", "kibana"):
        assert SERVICES[name]["image"] == f"{name}:${{STACK_VERSION:-{VERSION}}}"


def test_grafana_reads_what_is_mounted() -> None:
    """Files of secrets, and services that exist."""
    text = (ROOT / "deploy/grafana/provisioning/datasources/elkhound.yaml").read_text()
    sources = yaml.safe_load(text)["datasources"]
    assert {source["type"] for source in sources} == {"prometheus", "elasticsearch"}
    mounted = [target for _, target, _ in volumes_of(SERVICES["grafana"])]
    for path in re.findall(r"\$__file\{([^}]+)\}", text):
        assert any(path.startswith(f"{target}/") for target in mounted), path
    for host, port in re.findall(r"url: https?://([a-z]+):(\d+)", text):
        assert SERVICES[host]["ports"][0].endswith(f":{port}")


def test_prometheus_takes_its_configuration() -> None:
    """Read by the real ``promtool``."""
    if shutil.which("promtool") is None:
        pytest.skip("no promtool: install Debian's package prometheus")
    path = ROOT / "deploy/prometheus/prometheus.yml"
    checked = subprocess.run(
        ["promtool", "check", "config", str(path)], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
