"""Write the compiled objects: ``make kibana``. A test fails when they are out of date."""

from __future__ import annotations

from pathlib import Path

import orjson

from kibana.dashboards import DASHBOARDS
from kibana.data_views import data_views
from kibana.saved_objects import SavedObject
from kibana.searches import SEARCHES

COMPILED = Path(__file__).parent / "compiled" / "elkhound.ndjson"


def all_objects() -> list[SavedObject]:
    """Return all saved objects, those that others refer to first."""
    return [
        *data_views(),
        *(search.compiled() for search in SEARCHES),
        *(dashboard.compiled() for dashboard in DASHBOARDS),
    ]


def compiled() -> bytes:
    """Return the file that Kibana imports, one object a line."""
    return b"".join(orjson.dumps(item) + b"\n" for item in all_objects())


def main() -> None:
    """Write the file."""
    COMPILED.parent.mkdir(exist_ok=True)
    COMPILED.write_bytes(compiled())


if __name__ == "__main__":
    main()
