"""Kibana's objects as code: data views and dashboards, compiled into files that Kibana imports."""
