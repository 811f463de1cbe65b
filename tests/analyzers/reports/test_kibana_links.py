"""Links to dashboards hold time and model, and nothing that could break out of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import unquote

import pytest
from click.testing import CliRunner

from analyzers.cli import main
from analyzers.reports.kibana_links import dashboard_url
from kibana.dashboards import DASHBOARDS
from tests.analyzers.conftest import START, Opener, StoreOpener, error, prediction

SINCE = datetime(2026, 11, 21, 6, tzinfo=timezone(timedelta(hours=2)))


def test_time_and_model() -> None:
    """Times in UTC, the query as KQL in Rison."""
    url = dashboard_url("https://kibana:5601/s/a/", "errors", SINCE, None, "churn", "3")
    head, _, state = unquote(url).partition("?")
    assert head == "https://kibana:5601/s/a/app/dashboards#/view/elkhound-errors"
    assert state == (
        "_g=(time:(from:'2026-11-21T04:00:00+00:00',to:now))&"
        '_a=(query:(language:kuery,query:\'ml.model.name: "churn" and ml.model.version: "3"\'))'
    )


def test_nothing_breaks_out() -> None:
    """Quotes, ampersands and marks of Rison in a name."""
    url = dashboard_url("https://k", "errors", model="a'b!c\"d&e#f<g>")
    assert not set('&#<>"') & set(url.partition("?")[2])
    assert "a!'b!!c\\\"d&e#f<g>" in unquote(url)


def test_without_anything_the_dashboard_itself() -> None:
    """Its own time range."""
    assert dashboard_url("https://k", "fleet") == "https://k/app/dashboards#/view/elkhound-fleet"
    assert {"errors", "incidents", "performance", "drift"} <= {one.name for one in DASHBOARDS}


@pytest.mark.elasticsearch
def test_reports_on_a_cluster_link_to_kibana(
    open_cluster: StoreOpener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the terminal, in Markdown and HTML."""
    store = open_cluster([prediction(1, 1, failed="f1"), error(1, 1)])
    monkeypatch.setenv("ELKHOUND_KIBANA", "https://kibana:5601")
    since = (START - timedelta(hours=1)).astimezone(UTC).isoformat()
    for command, name in (("errors", "errors"), ("incidents", "incidents")):
        for format_name in ("terminal", "md", "html"):
            told = CliRunner().invoke(
                main,
                [command, "--store", store.location, "--since", since, "--format", format_name],
            )
            assert told.exit_code == 0, told.output
            assert f"kibana:5601/app/dashboards#/view/elkhound-{name}?_g=" in told.stdout


def test_reports_on_a_folder_do_not(
    open_local: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kibana cannot show it."""
    open_local([prediction(1, 1, failed="f1"), error(1, 1)])
    monkeypatch.setenv("ELKHOUND_KIBANA", "https://kibana:5601")
    assert (
        "kibana:5601" not in CliRunner().invoke(main, ["errors", "--store", str(tmp_path)]).stdout
    )
