"""The one error that the shipper raises."""

from __future__ import annotations


class ConfigurationError(ValueError):
    """A setting is wrong; the message says which, why and what would be right."""
