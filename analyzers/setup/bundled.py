"""Files that come with Elkhound: Kibana's objects, and Logstash's pipelines."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

Bundle = Literal["kibana", "logstash"]

_PACKAGE = Path(__file__).resolve().parent.parent
_IN_WHEEL = _PACKAGE / "bundled"
_IN_CHECKOUT = {
    "kibana": _PACKAGE.parent / "kibana" / "compiled",
    "logstash": _PACKAGE.parent / "logstash",
}


def bundled(name: Bundle) -> Path:
    """Return the folder of files that come with this installation, or with this checkout."""
    installed = _IN_WHEEL / name
    return installed if installed.is_dir() else _IN_CHECKOUT[name]
