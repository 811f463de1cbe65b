"""Addresses of dashboards, with the time range and the model that a report is about."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

VERSION_FIELDS = {"model": "ml.model.name", "version": "ml.model.version"}


def dashboard_url(
    base: str,
    dashboard: str,
    since: datetime | None = None,
    until: datetime | None = None,
    model: str | None = None,
    version: str | None = None,
) -> str:
    """Return the address at which Kibana shows a dashboard.

    Args:
        base: Kibana's own address, with its space if it is not the default one, such as
            ``https://kibana:5601/s/models``.
        dashboard: Name of the dashboard, such as ``errors``.
        since: Begin of the time range; the dashboard's own without it.
        until: End of the range; now without it.
        model: Only this model.
        version: Only this version of it.
    """
    state = []
    if since is not None:
        ends = [_text(moment.astimezone(UTC).isoformat()) if moment else "now"
                for moment in (since, until)]  # fmt: skip
        state.append(f"_g=(time:(from:{ends[0]},to:{ends[1]}))")
    wanted = {"model": model, "version": version}
    query = " and ".join(
        f'{VERSION_FIELDS[name]}: "{_quoted(value)}"' for name, value in wanted.items() if value
    )
    if query:
        state.append(f"_a=(query:(language:kuery,query:{_text(query)}))")
    asked = "&".join(quote(part, safe="=():,'!") for part in state)
    address = f"{base.rstrip('/')}/app/dashboards#/view/elkhound-{dashboard}"
    return f"{address}?{asked}" if asked else address


def _text(value: str) -> str:
    """Return a text in Rison, the notation of Kibana's addresses."""
    escaped = value.replace("!", "!!").replace("'", "!'")
    return f"'{escaped}'"


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
