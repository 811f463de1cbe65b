"""The guard lets through what can be stored, and says of everything else why not."""

from __future__ import annotations

from typing import Any

import pytest

from shipper.envelope import Envelope
from shipper.records import ServiceLog
from shipper.schema import KINDS, schema
from tests.logstash.conftest import Run


def record(**changes: Any) -> dict[str, Any]:
    """Return a record as the shipper makes it."""
    import orjson

    made = ServiceLog(message="served", log={"level": "info", "logger": "shop"})
    _, document = Envelope("shop", None, None, "default").complete(made)
    return {**orjson.loads(orjson.dumps(document)), "@version": "1", **changes}


def without_arrival(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event without the time of its arrival."""
    return {**event, "event": {k: v for k, v in event["event"].items() if k != "ingested"}}


def test_our_records_pass_unchanged(run_script: Run) -> None:
    """But for the time of arrival, and the version that Logstash adds."""
    sent = record()
    (found,) = run_script("guard.rb", sent)
    assert found["event"]["ingested"]
    assert "@version" not in found
    assert without_arrival(found) == {k: v for k, v in sent.items() if k != "@version"}


def test_every_kind_has_its_stream(run_script: Run) -> None:
    """The guard knows the streams of the schema, and no other."""
    sent = [
        record(
            data_stream={
                "type": schema(kind).stream_type,
                "dataset": schema(kind).dataset,
                "namespace": "prod",
            }
        )
        for kind in KINDS
    ]
    assert [event.get("@metadata") for event in run_script("guard.rb", *sent)] == [None] * len(
        KINDS
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"data_stream": "logs"}, "data_stream is a text, not an object"),
        (
            {"data_stream": {"type": "logs", "dataset": "ml.unknown", "namespace": "default"}},
            'data_stream.dataset "ml.unknown" is none of',
        ),
        (
            {"data_stream": {"type": "logs", "namespace": "default"}},
            "data_stream.dataset nil is none of",
        ),
        (
            {"data_stream": {"type": "metrics", "dataset": "ml.error", "namespace": "default"}},
            "data_stream.type must be logs",
        ),
        (
            {"data_stream": {"type": "logs", "dataset": "ml.error", "namespace": "Not Good"}},
            'namespace "Not Good" must be',
        ),
        ({"data_stream": {"type": "logs", "dataset": "ml.error"}}, "namespace nil must be"),
        ({"event": "a text"}, "event is a text, not an object"),
        ({"event": ["a"]}, "event is a list, not an object"),
        ({"event": {"id": "x" * 513}}, "must be 1 to 512 visible ASCII"),
        ({"event": {"id": ""}}, "must be 1 to 512 visible ASCII"),
        ({"event": {"id": "with space"}}, "must be 1 to 512 visible ASCII"),
        ({"event": {"id": 5}}, "must be 1 to 512 visible ASCII"),
        ({"event": {"id": ["a", "b"]}}, "must be 1 to 512 visible ASCII"),
        ({"tags": ["_jsonparsefailure"]}, "it could not be parsed: _jsonparsefailure"),
        ({"tags": "_timestampparsefailure"}, "could not be parsed"),
        ({"_@timestamp": "yesterday"}, "its @timestamp is no time: yesterday"),
        ({"data_stream": None, "message": None}, "names no data_stream, and has no message"),
    ],
)
def test_what_cannot_be_stored_is_told_why(
    changes: dict[str, Any], reason: str, run_script: Run
) -> None:
    """Each of these would block, be lost, or land in a stray index without the guard."""
    (found,) = run_script("guard.rb", record(**changes))
    assert reason in found["@metadata"]["dead"]


def test_log_lines_of_others_become_service_logs(run_script: Run) -> None:
    """Filebeat's line, an agent's event with a stream of its own, and a bare message."""
    filebeat = {
        "message": "disk full", "host": {"name": "a"}, "agent": {"type": "filebeat"},
        "log": {"file": {"path": "/var/log/app.log"}, "offset": 120},
    }  # fmt: skip
    agent = {
        "message": "x",
        "data_stream": {"type": "logs", "dataset": "nginx.access", "namespace": "default"},
    }
    for found in run_script("guard.rb", filebeat, agent, {"message": "bare"}, namespace="prod"):
        assert found["data_stream"] == {
            "type": "logs",
            "dataset": "ml.service",
            "namespace": "prod",
        }
        assert len(found["event"]["id"]) == 32
        assert "@metadata" not in found


def test_derived_ids_are_the_same_when_sent_again(run_script: Run) -> None:
    """By the place in a file, or else by content whatever the order of keys; different for others."""
    line = {"message": "x", "host": {"name": "a"}, "log": {"file": {"path": "/f"}, "offset": 1}}
    later = {**line, "log": {"file": {"path": "/f"}, "offset": 9}}
    content, turned = {"message": "x", "a": 1}, {"a": 1, "message": "x"}
    ids = [
        event["event"]["id"] for event in run_script("guard.rb", line, line, later, content, turned)
    ]
    assert ids[0] == ids[1] != ids[2]
    assert ids[3] == ids[4] != ids[0]


def test_dead_letters_of_the_guard_are_wrapped(run_script: Run) -> None:
    """The whole event as text, the reason, and a stream that takes it."""
    sent = record(event="a text")
    (dead,) = run_script("guard.rb", sent)
    (wrapped,) = run_script("deadletter.rb", dead)
    assert wrapped["data_stream"] == {
        "type": "logs",
        "dataset": "ml.deadletter",
        "namespace": "default",
    }
    assert wrapped["message"] == "event is a text, not an object"
    assert '"event":"a text"' in wrapped["event"]["original"]
    assert wrapped["labels"]["refused_by"] == "guard"


def test_dead_letters_of_elasticsearch_say_the_cause(run_script: Run) -> None:
    """Which stands at the end of what the queue says; a second reading gives the same id."""
    reason = 'Could not index event to Elasticsearch. status: 400, action: ["create", {...}], response: {"type":"document_parsing_exception"}'
    queued = record(
        **{
            "@metadata": {
                "dead_letter_queue": {"reason": reason, "entry_time": "2026-11-21T00:00:00Z"}
            }
        }
    )
    turned = dict(reversed(list(queued.items())))
    first, again = run_script("deadletter.rb", queued, turned)
    assert first["message"] == '{"type":"document_parsing_exception"}'
    assert first["event"]["id"] == again["event"]["id"]
    assert first["labels"]["refused_by"] == "elasticsearch"


def test_large_dead_letters_are_cut(run_script: Run) -> None:
    """They must not be refused themselves."""
    (wrapped,) = run_script("deadletter.rb", record(text="x" * 100_000))
    assert len(wrapped["event"]["original"]) == 32_768
    assert wrapped["message"] == "no reason is known"
