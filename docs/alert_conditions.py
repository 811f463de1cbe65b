"""The page of alert conditions, from the conditions themselves."""

from __future__ import annotations

from analyzers.alerts.conditions import CONDITIONS, AlertCondition
from analyzers.spans import span_text
from shipper.schema import schema

INTRODUCTION = """# Alerts

Conditions on which somebody should look are written once, in `elkhound.toml`
([keys](configuration.md)), with defaults that suit a service of some hundred predictions a
minute. `elkhound setup --kibana URL` makes a rule of Kibana of each: an Elasticsearch query,
which a basic licence allows. Run it again after a change; actions that you added to a rule stay,
as does whether it is on. `--no-rules` leaves them out.

Each alert becomes a document in the index `ml-alerts-<namespace>` ([fields](fields.md)) through
Kibana's index connector. To be told by mail, chat or pager, add a connector of your licence to
the rules that matter: open the rule in *Stack Management > Rules*, add an action for the group
*query matched*, and use `{{context.message}}` and `{{context.link}}`.

What follows is also the run book that each alert names.
"""


def alert_reference() -> str:
    """Return the page."""
    return INTRODUCTION + "".join(_section(one) for one in CONDITIONS)


def _section(one: AlertCondition) -> str:
    looked_at = {"count": "number of records", "avg": "mean", "max": "maximum"}[one.aggregate]
    what = f"{looked_at} of `{one.field}`" if one.field else looked_at
    by = f", for each `{one.group_by}`" if one.group_by else ""
    side = "above" if one.comparator == ">" else "below"
    return f"""
## {one.name}

**{one.title}.** {one.meaning} Open the dashboard *Elkhound: {one.dashboard}*.

Looks at the {what} in `{schema(one.kind).stream("<namespace>")}`{by}:
{side} {one.threshold:g} within {span_text(one.window_seconds)}, every
{span_text(one.every_seconds)}.

```toml
[alerts.{one.name}]
threshold = {one.threshold:g}
window = "{span_text(one.window_seconds)}"
```
"""
