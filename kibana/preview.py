"""Previews of the dashboards without a Kibana: the same panels, asked of a real Elasticsearch.

Run it with ``python -m kibana.preview URL [FOLDER]`` on a store that is filled, such as
``http://localhost:9200?namespace=default``; pictures need Chromium (playwright). They are previews:
Kibana draws its own way.
"""

from __future__ import annotations

import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from elasticsearch import Elasticsearch
from markdown_it import MarkdownIt
from markupsafe import Markup

from kibana.asking import rows_of, search_of
from kibana.dashboard import Dashboard, Panel
from kibana.dashboards import DASHBOARDS
from kibana.preview_charts import draw
from shipper.schema import schema

WIDTH = 1440
COLUMN = (WIDTH - 16) / 48
ROW, GAP, HEAD = 20, 8, 30

_STYLE = Markup("""
body { margin: 0; background: #f7f8fc; color: #343741; width: 1440px;
  font: 13px/1.45 Inter, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
header { padding: 12px 16px; background: #fff; border-bottom: 1px solid #d3dae6; }
header b { font-size: 16px; } header i { color: #69707d; float: right; }
main { position: relative; margin: 8px; }
section { position: absolute; background: #fff; border: 1px solid #d3dae6; border-radius: 6px;
  box-sizing: border-box; overflow: hidden; padding: 4px 8px; }
h2 { font-size: 13px; margin: 4px 0 2px; font-weight: 600; white-space: nowrap; }
.controls span { display: inline-block; border: 1px solid #d3dae6; border-radius: 6px;
  padding: 4px 12px; margin: 8px 8px 0 0; background: #fff; }
.metric b { display: block; font-size: 34px; line-height: 1.5; }
svg text { font-size: 11px; fill: #69707d; } table { width: 100%; border-collapse: collapse; }
th { text-align: left; font-weight: 600; } th, td { padding: 4px 6px;
  border-bottom: 1px solid #e3e6ec; overflow-wrap: anywhere; } .number { text-align: right; }
.nothing { color: #69707d; text-align: center; margin-top: 40px; } p { margin: 4px 0; }
a { color: #0061a6; text-decoration: none; }
""")


def render(dashboard: Dashboard, client: Elasticsearch, namespace: str, interval: str) -> str:
    """Return the preview of a dashboard as a page.

    Args:
        dashboard: The dashboard.
        client: Where its records and results are.
        namespace: Their namespace.
        interval: Width of time buckets, such as ``1h``.
    """
    bounds = _bounds(client, namespace)
    panels = Markup("").join(
        _panel(panel, client, namespace, interval, bounds) for panel in dashboard.panels
    )
    chosen = Markup("").join(
        Markup("<span>{}: Any</span>").format(one.title) for one in dashboard.controls
    )
    height = max(p.y + p.height for p in dashboard.panels) * ROW + GAP
    return str(
        Markup(
            '<!doctype html><html lang="en"><meta charset="utf-8"><title>{}</title>'
            "<style>{}</style><header><b>{}</b><i>preview, drawn without Kibana</i>"
            '<div class="controls">{}</div></header>'
            '<main style="height: {}px">{}</main></html>'
        ).format(dashboard.title, _STYLE, dashboard.title, chosen, height, panels)
    )


def _bounds(client: Elasticsearch, namespace: str) -> tuple[str, str]:
    """Return the times of the first and last prediction: the axis that all panels share."""
    ends = {end: {end: {"field": "@timestamp"}} for end in ("min", "max")}
    index = schema("prediction").stream(namespace)
    found = client.search(index=index, size=0, aggs=ends)["aggregations"]
    return found["min"]["value_as_string"], found["max"]["value_as_string"]


def _panel(
    panel: Panel, client: Elasticsearch, namespace: str, interval: str, bounds: tuple[str, str]
) -> Markup:
    width, height = round(panel.width * COLUMN) - GAP, panel.height * ROW - GAP
    if isinstance(panel.content, str):
        # html off: what stands in the text is text
        inner = Markup(MarkdownIt("commonmark", {"html": False}).render(panel.content))  # noqa: S704
    else:
        chart = panel.content
        answer = client.search(
            index=schema(chart.kind).stream(namespace),
            ignore_unavailable=True,  # a stream without a record is not there yet
            **search_of(chart, interval, bounds),
        )
        rows = rows_of(chart, answer.body)
        inner = draw(chart, rows, width - 18, height - HEAD - 6)
    title = Markup("<h2>{}</h2>").format(panel.title) if panel.title else Markup("")
    return Markup(
        '<section style="left: {}px; top: {}px; width: {}px; height: {}px">{}{}</section>'
    ).format(round(panel.x * COLUMN), panel.y * ROW, width, height, title, inner)


def main() -> None:
    """Write a page and a picture of each dashboard."""
    url = sys.argv[1]
    folder = Path(sys.argv[2] if len(sys.argv) > 2 else "docs/images/kibana")
    interval = sys.argv[3] if len(sys.argv) > 3 else "1h"
    parts = urlsplit(url)
    namespace = parse_qs(parts.query).get("namespace", ["default"])[0]
    folder.mkdir(parents=True, exist_ok=True)
    from playwright.sync_api import sync_playwright

    with (
        Elasticsearch(f"{parts.scheme}://{parts.netloc}") as client,
        sync_playwright() as play,
    ):
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": 900})
        for dashboard in DASHBOARDS:
            page.set_content(render(dashboard, client, namespace, interval))
            page.screenshot(path=folder / f"{dashboard.name}.png", full_page=True)
            print(folder / f"{dashboard.name}.png")
        browser.close()


if __name__ == "__main__":
    main()
