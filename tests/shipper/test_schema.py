"""The schema is one source: templates, types and descriptions agree."""

from __future__ import annotations

import pytest

from shipper.records import LIFECYCLE_ACTIONS
from shipper.schema import (
    COMMON,
    KINDS,
    MAXIMUM_KEYWORD_LENGTH,
    RESULT,
    RESULTS,
    component_template,
    cut_keyword,
    index_template,
    kind_of_dataset,
    schema,
)


@pytest.mark.parametrize("kind", [*KINDS, *RESULTS])
def test_every_field_has_a_description_and_a_known_type(kind: str) -> None:
    """A field without a sentence about it cannot be added."""
    for field in schema(kind).fields.values():
        assert field.description.endswith("."), field.name
        assert field.type in ("keyword", "text", "long", "double", "boolean", "date", "object")


@pytest.mark.parametrize("name", [COMMON, *KINDS, RESULT, *RESULTS])
def test_descriptions_speak_of_fields_that_exist(name: str) -> None:
    """No description, array or list of values is left over from a field that went."""
    template = component_template(name)
    known = set(schema({COMMON: KINDS[0], RESULT: RESULTS[0]}.get(name, name)).fields)
    meta = template["_meta"]
    assert set(meta["fields"]) <= known
    assert (
        set(meta.get("arrays", [])) | set(meta.get("values", {})) | set(meta["required"]) <= known
    )


def test_streams_are_those_of_the_design() -> None:
    """Kinds and their data streams."""
    assert [schema(kind).stream() for kind in KINDS] == [
        "logs-ml.prediction-default",
        "logs-ml.feedback-default",
        "logs-ml.error-default",
        "metrics-ml.resource-default",
        "logs-ml.lifecycle-default",
        "logs-ml.service-default",
    ]
    assert kind_of_dataset("ml.error") == "error"
    assert kind_of_dataset("nginx.access") is None


def test_index_templates_beat_those_of_the_stack() -> None:
    """Priority above 100, logsdb, a data stream, and a limit that rejects no record."""
    template = index_template("prediction")
    assert template["priority"] == 500
    assert template["template"]["settings"]["index"]["mode"] == "logsdb"
    limit = component_template(COMMON)["template"]["settings"]["index"]["mapping"]["total_fields"]
    assert limit["ignore_dynamic_beyond_limit"] is True


def test_a_key_of_an_open_field_has_its_type() -> None:
    """``ml.features.number.age`` is a double although nobody declared it."""
    found = schema("prediction").field("ml.features.number.age")
    assert found is not None
    assert (found.name, found.type) == ("ml.features.number", "double")
    assert schema("prediction").field("ml.unheard_of") is None


def test_allowed_actions_are_in_the_schema() -> None:
    """The schema of life-cycle records lists its actions."""
    assert schema("lifecycle").fields["event.action"].values == LIFECYCLE_ACTIONS
    assert schema("error").fields["event.action"].values == ()


def test_what_is_unknown_is_said() -> None:
    """A wrong kind is named, with the right ones."""
    with pytest.raises(KeyError, match="the kinds are prediction"):
        schema("predictions")
    with pytest.raises(KeyError, match="no component template"):
        component_template("predictions")


@pytest.mark.parametrize("letter", ["a", "é", "字", "😀"])
def test_keywords_are_cut_where_elasticsearch_would_ignore_them(letter: str) -> None:
    """At 8,191 units of UTF-16, and never inside a character."""
    cut = cut_keyword(letter * 9000)
    assert MAXIMUM_KEYWORD_LENGTH - 1 <= len(cut.encode("utf-16-le")) // 2 <= MAXIMUM_KEYWORD_LENGTH
    assert set(cut) == {letter}
    assert cut_keyword(letter) == letter
