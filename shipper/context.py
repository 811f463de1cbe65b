"""The prediction that is being made right now, for the errors that happen in it."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field

from shipper.features import FeatureFields


@dataclass(slots=True)
class PredictionContext:
    """What an error record inside a prediction carries along.

    Attributes:
        model: Name of the model.
        version: Version of the model.
        request_id: Id of the call.
        prediction_ids: Ids of its rows.
        segments: Segments that all its rows share.
        features: Inputs, redacted, where the call has one row.
    """

    model: str
    version: str
    request_id: str
    prediction_ids: tuple[str, ...]
    segments: Mapping[str, str] = field(default_factory=dict)
    features: FeatureFields | None = None

    @property
    def prediction_id(self) -> str | None:
        """The id of the prediction, where the call has one row."""
        return self.prediction_ids[0] if len(self.prediction_ids) == 1 else None


current_prediction: ContextVar[PredictionContext | None] = ContextVar(
    "elkhound_current_prediction", default=None
)
last_prediction: ContextVar[tuple[str, ...]] = ContextVar("elkhound_last_prediction", default=())


def prediction_ids() -> tuple[str, ...]:
    """Return the ids of the prediction being made, or else of the last one in this context.

    Send them along with the answer: feedback refers to them.
    """
    active = current_prediction.get()
    return active.prediction_ids if active is not None else last_prediction.get()
