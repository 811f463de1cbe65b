"""Elkhound's shipper: runs inside a model service and turns what it does into records.

Small, fast, and never raises into the service::

    import shipper

    shipper.configure(service="checkout", version="4.2.0", to="file:elkhound-data")
    log = shipper.get_logger(__name__)

    @shipper.observe(model="fraud", version="1.3.0")
    def predict(row): ...
"""

from shipper.accounting import Statistics
from shipper.context import prediction_ids
from shipper.errors import ConfigurationError
from shipper.handler import LogHandler, StructlogProcessor
from shipper.limits import RecordLimits
from shipper.logger import Logger, get_logger
from shipper.observation import observe
from shipper.policies import Block, DropBelow, DropOldest, Sample
from shipper.records import Error, Feedback, Lifecycle, Prediction, Resource, ServiceLog
from shipper.redaction import Redaction
from shipper.schema.validation import SchemaError
from shipper.spool import SpoolLimits
from shipper.state import configure, flush, shutdown, statistics

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shipper.resources import monitor_resources

__all__ = [
    "Block",
    "ConfigurationError",
    "DropBelow",
    "DropOldest",
    "Error",
    "Feedback",
    "Lifecycle",
    "LogHandler",
    "Logger",
    "Prediction",
    "RecordLimits",
    "Redaction",
    "Resource",
    "Sample",
    "SchemaError",
    "ServiceLog",
    "SpoolLimits",
    "Statistics",
    "StructlogProcessor",
    "configure",
    "flush",
    "get_logger",
    "monitor_resources",
    "observe",
    "prediction_ids",
    "shutdown",
    "statistics",
]


def __getattr__(name: str) -> object:
    if name == "monitor_resources":  # psutil is loaded only where resources are monitored
        from shipper.resources import monitor_resources

        return monitor_resources
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
