"""One file for each dashboard; it is compiled once it stands here."""

from __future__ import annotations

from kibana.dashboards.drift import DRIFT
from kibana.dashboards.errors import ERRORS
from kibana.dashboards.fleet import FLEET
from kibana.dashboards.incidents import INCIDENTS
from kibana.dashboards.performance import PERFORMANCE
from kibana.dashboards.pipeline import PIPELINE
from kibana.dashboards.predictions import PREDICTIONS
from kibana.dashboards.resources import RESOURCES
from kibana.dashboards.versions import VERSIONS

DASHBOARDS = (
    FLEET,
    ERRORS,
    INCIDENTS,
    PERFORMANCE,
    DRIFT,
    VERSIONS,
    PREDICTIONS,
    RESOURCES,
    PIPELINE,
)
