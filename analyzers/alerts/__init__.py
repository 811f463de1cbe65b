"""Alerts: when somebody should look. One source of conditions, for Kibana and others."""
