"""The pipelines fit together: files exist, options are known, every road leads somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from logstash_pipeline_parser import Pipeline

from tests.logstash.conftest import LOGSTASH

FILES = sorted((LOGSTASH / "pipeline").glob("*.conf"))
DOCUMENTATION = LOGSTASH.parent / "docs" / "logstash.md"

TLS = {
    "ssl_enabled",
    "ssl_certificate",
    "ssl_key",
    "ssl_certificate_authorities",
    "ssl_client_authentication",
}
ELASTICSEARCH = {
    "id",
    "hosts",
    "user",
    "password",
    "api_key",
    "ssl_enabled",
    "ssl_certificate_authorities",
    "data_stream",
    "data_stream_auto_routing",
    "action",
    "document_id",
    "manage_template",
    "retry_max_interval",
    "silence_errors_in_log",
}
# Options that the plugins bundled with Logstash 9 have, as far as they are used here.
OPTIONS = {
    ("input", "beats"): {"id", "port", "enrich", *TLS},
    ("input", "http"): {"id", "port", "ecs_compatibility", "additional_codecs", "remote_host_target_field", "request_headers_target_field", *TLS},
    ("input", "tcp"): {"id", "port", "codec", *TLS},
    ("input", "kafka"): {"id", "bootstrap_servers", "topics", "group_id", "auto_offset_reset", "codec"},
    ("input", "jdbc"): {
        "id", "jdbc_driver_library", "jdbc_driver_class", "jdbc_connection_string", "jdbc_user", "jdbc_password",
        "statement_filepath", "schedule", "use_column_value", "tracking_column", "last_run_metadata_path",
    },
    ("input", "pipeline"): {"id", "address"},
    ("input", "dead_letter_queue"): {"id", "path", "pipeline_id", "commit_offsets", "clean_consumed"},
    ("filter", "ruby"): {"id", "path", "script_params"},
    ("filter", "mutate"): {"id", "remove_field"},
    ("output", "pipeline"): {"id", "send_to"},
    ("output", "elasticsearch"): ELASTICSEARCH,
}  # fmt: skip


def plugins(path: Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield section, name and options of each plugin of a pipeline, those in branches too."""
    for section, body in Pipeline(path.read_text()).parse():
        yield from ((section, name, options) for name, options in _walk(body))


def _walk(body: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, content in body:
        if name in ("if", "else if"):
            yield from _walk(content[1][0])
        elif name == "else":
            yield from _walk(content)
        else:
            yield name, {option: value[0] for option, value in content}


def pipelines() -> list[dict[str, Any]]:
    """Return the entries of pipelines.yml."""
    found: list[dict[str, Any]] = yaml.safe_load((LOGSTASH / "pipelines.yml").read_text())
    return found


def variants(entry: dict[str, Any]) -> list[Path]:
    """Return the files that an entry may choose."""
    name = entry["path.config"].rpartition("/")[2]
    return sorted((LOGSTASH / "pipeline").glob(re.sub(r"\$\{[^}]*\}", "*", name)))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_plugin_has_an_id_and_known_options(path: Path) -> None:
    """A misspelt option stops a pipeline, and a plugin without an id cannot be watched."""
    found = list(plugins(path))
    assert {section for section, _, _ in found} >= {"input", "output"}
    for section, name, options in found:
        assert options.keys() <= OPTIONS[section, name], (name, options.keys())
        assert options["id"].startswith("ml-")


def test_every_pipeline_has_a_file_for_its_default_and_no_file_is_forgotten() -> None:
    """``beats-${ELKHOUND_BEATS:plain}.conf`` and the like."""
    chosen: set[Path] = set()
    for entry in pipelines():
        default = re.sub(r"\$\{ELKHOUND_PIPELINES:[^}]*\}", "", entry["path.config"])
        default = re.sub(r"\$\{\w+:([^}]*)\}", r"\1", default)
        assert (LOGSTASH / "pipeline" / default.lstrip("/")).is_file(), default
        chosen |= set(variants(entry))
    assert chosen == set(FILES)


@pytest.mark.parametrize("choice", [0, 1, 2])
def test_every_road_leads_to_one_listener(choice: int) -> None:
    """Whatever variants run together: each address is listened at once, and ids are unique."""
    running = [files[min(choice, len(files) - 1)] for files in map(variants, pipelines())]
    everything = [plugin for path in running for plugin in plugins(path)]
    listening = [
        options["address"]
        for section, name, options in everything
        if (section, name) == ("input", "pipeline")
    ]
    sent = {address for _, name, options in everything for address in options.get("send_to", [])}
    assert len(listening) == len(set(listening))
    assert sent <= set(listening)
    assert {address for address in listening if not address.endswith("-off")} == sent
    ids = [options["id"] for _, _, options in everything]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", ["output", "deadletter"])
def test_every_way_to_elasticsearch_writes_once(name: str) -> None:
    """With ``create`` under ``event.id``, routed by the record, whatever the authentication."""
    for path in (LOGSTASH / "pipeline").glob(f"{name}-*.conf"):
        (options,) = [o for _, plugin, o in plugins(path) if plugin == "elasticsearch"]
        assert (options["action"], options["document_id"]) == ("create", "%{[event][id]}")
        assert options["data_stream"] == "true"
        assert options["data_stream_auto_routing"] is True
        assert options["silence_errors_in_log"] == ["version_conflict_engine_exception"]
        assert ("user" in options or "api_key" in options) == ("plain" not in path.name)
        assert options.get("ssl_enabled", False) == ("plain" not in path.name)


def test_nothing_is_dropped_and_nothing_is_compared_by_size() -> None:
    """No drop filter; comparisons between a number and a text would drop events."""
    for path in FILES:
        text = path.read_text()
        assert "drop {" not in text
        assert not re.search(r"if .*[<>]", text)


def test_queues_are_on() -> None:
    """What was acknowledged survives, and what was refused is kept; but no loop of dead letters."""
    settings = yaml.safe_load((LOGSTASH / "logstash.yml").read_text())
    assert settings["queue.type"] == "persisted"
    assert settings["dead_letter_queue.enable"] is True
    (letters,) = [entry for entry in pipelines() if entry["pipeline.id"] == "ml-deadletter"]
    assert letters["dead_letter_queue.enable"] is False


def test_every_variable_is_documented() -> None:
    """And none is documented that does not exist."""
    used: set[str] = set()
    for path in LOGSTASH.rglob("*"):
        if path.suffix in (".conf", ".yml"):
            used |= set(re.findall(r"\$\{(ELKHOUND_\w+)", path.read_text()))
    documented = set(re.findall(r"^\| `(ELKHOUND_\w+)`", DOCUMENTATION.read_text(), re.MULTILINE))
    assert used == documented


def test_filebeat_reads_the_spool() -> None:
    """Segments of all kinds, each record as it is."""
    settings = yaml.safe_load((LOGSTASH / "filebeat.yml").read_text())
    (stream,) = settings["filebeat.inputs"]
    assert stream["paths"] == ["${ELKHOUND_SPOOL:/var/spool/elkhound}/*-ml.*/*.ndjson"]
    assert stream["parsers"][0]["ndjson"]["target"] == ""
