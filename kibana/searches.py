"""Discover sessions: records to read one by one."""

from __future__ import annotations

from dataclasses import dataclass

from kibana.data_views import data_view_id
from kibana.saved_objects import SavedObject, reference, saved_object, text_of

_INDEX = "kibanaSavedObjectMeta.searchSourceJSON.index"


@dataclass(frozen=True, slots=True)
class Search:
    """A Discover session.

    Attributes:
        name: Short name; the id follows from it.
        title: Title for people.
        description: What to do with it.
        kind: Kind of record.
        columns: Fields that are shown.
        query: Which records, as KQL.
    """

    name: str
    title: str
    description: str
    kind: str
    columns: tuple[str, ...]
    query: str = ""

    def compiled(self) -> SavedObject:
        """Return the saved object."""
        source = {
            "query": {"query": self.query, "language": "kuery"},
            "filter": [],
            "indexRefName": _INDEX,
        }
        return saved_object(
            "search",
            f"elkhound-{self.name}",
            {
                "title": self.title,
                "description": self.description,
                "columns": list(self.columns),
                "sort": [["@timestamp", "desc"]],
                "grid": {},
                "hideChart": False,
                "isTextBasedQuery": False,
                "timeRestore": False,
                "kibanaSavedObjectMeta": {"searchSourceJSON": text_of(source)},
            },
            [reference("index-pattern", data_view_id(self.kind), _INDEX)],
        )


SEARCHES = (
    Search(
        "error-records",
        "Elkhound: errors of one group",
        "Add a filter on error.fingerprint or error.template: the records of a group with their "
        "traces.",
        "error",
        ("service.name", "ml.model.version", "error.type", "error.template", "error.culprit",
         "trace.id", "error.fingerprint"),
    ),
    Search(
        "request-records",
        "Elkhound: predictions of one request",
        "Add a filter on ml.request.id or trace.id: each row of the request, with its answer.",
        "prediction",
        ("ml.model.name", "ml.model.version", "ml.request.id", "ml.request.row",
         "ml.prediction.label", "ml.prediction.score", "event.outcome", "event.duration",
         "trace.id"),
    ),
    Search(
        "dead-letters",
        "Elkhound: dead letters",
        "What was refused, and why; event.original is the record as it came.",
        "deadletter",
        ("event.dataset", "error.type", "error.message", "event.original"),
    ),
)  # fmt: skip
"""The sessions; a new one is one entry here."""
