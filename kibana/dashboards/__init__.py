"""One file for each dashboard; it is compiled once it stands here."""

from __future__ import annotations

from kibana.dashboards.errors import ERRORS

DASHBOARDS = (ERRORS,)
