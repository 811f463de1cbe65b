"""Alerting rules in Kibana, and the connector that writes their alerts into an index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from analyzers.alerts.conditions import CONDITIONS, AlertCondition
from analyzers.alerts.kibana_rules import (
    CONNECTOR_TYPE,
    connector,
    identity,
    new_rule,
    rule,
)
from analyzers.setup.kibana import Kibana
from analyzers.setup.plan import Step
from analyzers.stores.base import StoreError

_CONNECTOR = "/api/actions/connector"
_RULE = "/api/alerting/rule"


class KibanaRules:
    """The rules that the conditions are, in Kibana.

    Actions that people added to a rule stay, as does whether it is enabled.

    Args:
        kibana: The Kibana.
        conditions: The conditions that are on.
        namespace: Namespace of the records that they look at.
    """

    def __init__(
        self, kibana: Kibana, conditions: Sequence[AlertCondition], namespace: str
    ) -> None:
        self._kibana = kibana
        self._conditions = conditions
        self._namespace = namespace
        self._connector = identity(namespace, "connector")

    def plan(self) -> list[Step]:
        """Return what has to happen: every rule is written, whatever is there."""
        return [
            Step("create", "connector", connector(self._namespace)["name"]),
            *(Step("create", "alerting rule", one.title) for one in self._conditions),
        ]

    def apply(self) -> Iterator[Step]:
        """Write the connector and all rules; remove those of conditions that are off.

        Raises:
            StoreError: If Kibana refuses one of them.
        """
        try:
            yield self._write_connector()
        except StoreError as error:
            raise StoreError(
                f"{error}; alerting rules need xpack.encryptedSavedObjects.encryptionKey in "
                "kibana.yml and the privilege to write them, or leave them out with --no-rules"
            ) from error
        for one in self._conditions:
            yield self._write(one)
        on = {one.name for one in self._conditions}
        for one in CONDITIONS:
            if one.name not in on and self._delete(f"{_RULE}/{self._id(one)}"):
                yield Step("remove", "alerting rule", one.title)

    def remove(self) -> Iterator[Step]:
        """Remove the rules and the connector; rules that people made stay.

        Raises:
            StoreError: If Kibana refuses.
        """
        for one in CONDITIONS:
            if self._delete(f"{_RULE}/{self._id(one)}"):
                yield Step("remove", "alerting rule", one.title)
        if self._delete(f"{_CONNECTOR}/{self._connector}"):
            yield Step("remove", "connector", connector(self._namespace)["name"])

    def _write_connector(self) -> Step:
        wanted = connector(self._namespace)
        path = f"{_CONNECTOR}/{self._connector}"
        if self._kibana.ask("GET", path, missing_ok=True) is None:
            typed = {**wanted, "connector_type_id": CONNECTOR_TYPE}
            self._kibana.ask("POST", path, document=typed)
            return Step("create", "connector", wanted["name"])
        self._kibana.ask("PUT", path, document=wanted)
        return Step("change", "connector", wanted["name"])

    def _write(self, condition: AlertCondition) -> Step:
        path = f"{_RULE}/{self._id(condition)}"
        there = self._kibana.ask("GET", path, missing_ok=True)
        if there is None:
            self._kibana.ask("POST", path, document=new_rule(condition, self._namespace))
            return Step("create", "alerting rule", condition.title)
        wanted = rule(condition, self._namespace)
        wanted["actions"] += [_sendable(a) for a in there["actions"] if a["id"] != self._connector]
        self._kibana.ask("PUT", path, document=wanted)
        return Step("change", "alerting rule", condition.title)

    def _delete(self, path: str) -> bool:
        return self._kibana.ask("DELETE", path, missing_ok=True) is not None

    def _id(self, condition: AlertCondition) -> str:
        return identity(self._namespace, condition.name)


def _sendable(action: dict[str, Any]) -> dict[str, Any]:
    """Return an action as Kibana takes it: not all that it gives."""
    return {name: value for name, value in action.items() if name != "connector_type_id"}
