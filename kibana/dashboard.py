"""Dashboards: panels on a grid of 48 columns, and controls above them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kibana.data_views import data_view_id
from kibana.lens import Chart
from kibana.saved_objects import SavedObject, reference, saved_object, text_of

WIDTH = 48
"""Columns of the grid; a row is 20 pixels high."""


@dataclass(frozen=True, slots=True)
class Panel:
    """A chart or a text, and its place.

    Attributes:
        name: Short name, unique in the dashboard.
        title: Title for people; texts have none.
        content: A chart, or Markdown.
        x: Column of its left edge.
        y: Row of its upper edge.
        width: Columns.
        height: Rows.
        description: What a good value looks like.
    """

    name: str
    title: str
    content: Chart | str
    x: int
    y: int
    width: int
    height: int
    description: str = ""


Cell = tuple[str, str, "Chart | str", int]
"""Name, title, content and width of a panel in a row."""


def rows(
    *lines: tuple[int, Sequence[Cell | tuple[str, str, Chart | str, int, str]]],
) -> list[Panel]:
    """Return panels laid out row by row.

    Args:
        lines: For each row its height and its cells; a cell may end with a description.

    Raises:
        ValueError: If a row is not exactly as wide as the grid.
    """
    panels: list[Panel] = []
    y = 0
    for height, cells in lines:
        x = 0
        for name, title, content, width, *description in cells:
            panels.append(
                Panel(
                    name, title, content, x, y, width, height, description[0] if description else ""
                )
            )
            x += width
        if x != WIDTH:
            raise ValueError(f"a row is {x} columns wide, not {WIDTH}")
        y += height
    return panels


@dataclass(frozen=True, slots=True)
class Control:
    """A list of a field's values to choose from.

    Attributes:
        name: Short name, unique in the dashboard.
        title: Title for people.
        kind: Kind of record whose values are listed.
        field: The field.
    """

    name: str
    title: str
    kind: str
    field: str


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A dashboard.

    Attributes:
        name: Short name; the id follows from it.
        title: Title for people.
        description: One sentence.
        panels: What is shown.
        controls: What can be chosen.
        time: Time range it opens with, such as ``now-24h``.
    """

    name: str
    title: str
    description: str
    panels: Sequence[Panel]
    controls: Sequence[Control] = ()
    time: str = "now-24h"

    def compiled(self) -> SavedObject:
        """Return the saved object."""
        references = [
            panel.content.reference(f"{panel.name}:")
            for panel in self.panels
            if isinstance(panel.content, Chart)
        ]
        references += [
            reference(
                "index-pattern",
                data_view_id(control.kind),
                f"controlGroup_{control.name}:optionsListDataView",
            )
            for control in self.controls
        ]
        options = {"useMargins": True, "syncColors": True, "syncCursor": True,
                   "syncTooltips": False, "hidePanelTitles": False}  # fmt: skip
        search = {"query": {"query": "", "language": "kuery"}, "filter": []}
        return saved_object(
            "dashboard",
            f"elkhound-{self.name}",
            {
                "title": self.title,
                "description": self.description,
                "version": 1,
                "timeRestore": True,
                "timeFrom": self.time,
                "timeTo": "now",
                "refreshInterval": {"pause": True, "value": 60000},
                "optionsJSON": text_of(options),
                "kibanaSavedObjectMeta": {"searchSourceJSON": text_of(search)},
                "panelsJSON": text_of([_panel(panel) for panel in self.panels]),
                "controlGroupInput": self._controls(),
            },
            references,
        )

    def _controls(self) -> dict[str, Any]:
        ignored = dict.fromkeys(
            ("ignoreFilters", "ignoreQuery", "ignoreTimerange", "ignoreValidations"), False
        )
        return {
            "controlStyle": "oneLine",
            "chainingSystem": "HIERARCHICAL",
            "showApplySelections": False,
            "ignoreParentSettingsJSON": text_of(ignored),
            "panelsJSON": text_of(
                {
                    control.name: _control(control, place)
                    for place, control in enumerate(self.controls)
                }
            ),
        }


def _panel(panel: Panel) -> dict[str, Any]:
    place = {"x": panel.x, "y": panel.y, "w": panel.width, "h": panel.height, "i": panel.name}
    if isinstance(panel.content, Chart):
        config: dict[str, Any] = {
            "attributes": panel.content.attributes(panel.title, panel.description),
            "enhancements": {},
            "title": panel.title,
            "description": panel.description,
            "hidePanelTitles": False,
        }
        return {
            "type": "lens",
            "panelIndex": panel.name,
            "gridData": place,
            "embeddableConfig": config,
        }
    return {
        "type": "visualization",
        "panelIndex": panel.name,
        "gridData": place,
        "embeddableConfig": {
            "savedVis": {
                "id": "",
                "title": "",
                "description": "",
                "type": "markdown",
                "params": {"fontSize": 12, "openLinksInNewTab": False, "markdown": panel.content},
                "uiState": {},
                "data": {
                    "aggs": [],
                    "searchSource": {"query": {"query": "", "language": "kuery"}, "filter": []},
                },
            },
            "enhancements": {},
            "hidePanelTitles": True,
        },
    }


def _control(control: Control, place: int) -> dict[str, Any]:
    return {
        "type": "optionsListControl",
        "order": place,
        "width": "medium",
        "grow": True,
        "explicitInput": {
            "id": control.name,
            "fieldName": control.field,
            "title": control.title,
            "searchTechnique": "prefix",
            "selectedOptions": [],
            "sort": {"by": "_count", "direction": "desc"},
        },
    }
