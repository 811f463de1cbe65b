"""The structlog logger: log calls, and one method for each kind of record a service makes."""

from __future__ import annotations

import logging
from collections.abc import Mapping, MutableMapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog

from shipper.features import encode_features
from shipper.handler import send_structlog_event
from shipper.identifiers import new_event_id
from shipper.outputs import label_text, read_output
from shipper.records import Feedback, Lifecycle, Outcome, Prediction
from shipper.schema.validation import SchemaError
from shipper.state import current

if TYPE_CHECKING:
    _Base = structlog.typing.FilteringBoundLogger
else:
    _Base = structlog.make_filtering_bound_logger(logging.NOTSET)

_NAME = "_elkhound_logger"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Logger(_Base):
    """A structlog logger whose events become records; made by ``get_logger``."""

    def prediction(
        self,
        *,
        model: str,
        version: str,
        features: Mapping[str, Any] | None = None,
        label: Any = None,
        score: float | None = None,
        value: float | None = None,
        probabilities: Mapping[str, float] | Sequence[float] | None = None,
        text: str | None = None,
        id: str | None = None,  # noqa: A002 (the record's own word)
        request_id: str | None = None,
        outcome: Outcome = "success",
        latency_seconds: float | None = None,
        segments: Mapping[str, Any] | None = None,
        attributions: Mapping[str, float] | None = None,
        dataset: str | None = None,
        cost: float | None = None,
        currency: str = "USD",
        time: datetime | None = None,
    ) -> str:
        """Record one predicted row, where ``observe`` does not fit.

        Args:
            model: Name of the model.
            version: Version of the model.
            features: The inputs by name.
            label: Predicted class.
            score: P(positive class); with several classes, P(predicted class).
            value: Predicted number of a regression.
            probabilities: Probability of each class, by name or in order.
            text: Generated text.
            id: Id of the prediction; a new one when omitted.
            request_id: Id of the call; the prediction's own id when omitted.
            outcome: Whether the model answered.
            latency_seconds: How long it took.
            segments: Groups to compare, by name.
            attributions: Contribution of each input.
            dataset: Data set of the row, where it is not live traffic.
            cost: Cost of the prediction.
            currency: Its ISO 4217 currency.
            time: When it was made, in UTC where no zone is given; now when omitted. For replays
                and for scores that were computed elsewhere.

        Returns:
            The id of the prediction: send it along with the answer, feedback refers to it.
        """
        identity = id if isinstance(id, str) and id else new_event_id()
        pipeline = current()
        if pipeline is None:
            return identity
        given = {key: item for key, item in locals().items() if key in _PREDICTION_ARGUMENTS}
        redactor = pipeline.redactor

        def make() -> Prediction:
            for name, number in (("score", score), ("value", value)):
                _check_number(f"ml.prediction.{name}", number)
            _check_number("latency_seconds", latency_seconds)
            _check_time(time)
            answer = {
                "label": label,
                "probabilities": probabilities,
                "score": score,
                "value": value,
            }
            if text is not None:
                answer["text"] = redactor.short_text(text)
            return Prediction(
                model=model,
                version=version,
                id=identity,
                request_id=request_id or identity,
                features=encode_features(features or {}, redactor),
                output=read_output(answer),
                outcome=outcome,
                duration=None if latency_seconds is None else round(latency_seconds * 1e9),
                segments=segments,
                attributions=attributions,
                dataset=dataset,
                cost=None if cost is None else (cost, currency),
            )

        pipeline.make_and_send("prediction", make, given, now=_nanoseconds(time))
        return identity

    def feedback(
        self,
        prediction_id: str,
        *,
        label: Any = None,
        value: float | None = None,
        rating: float | None = None,
        comment: str | None = None,
        business: Mapping[str, float] | None = None,
        model: str | None = None,
        version: str | None = None,
        time: datetime | None = None,
    ) -> None:
        """Record the truth, a rating or a business result for an earlier prediction.

        Args:
            prediction_id: The id that ``observe`` or ``prediction`` gave.
            label: True class.
            value: True number of a regression.
            rating: Rating by a person.
            comment: Comment by a person.
            business: Business results by name, such as ``{"revenue": 12.5}``.
            model: Name of the model, if at hand.
            version: Version of the model, if at hand.
            time: When it became known, in UTC where no zone is given; now when omitted.
        """
        pipeline = current()
        if pipeline is None:
            return
        given = {key: item for key, item in locals().items() if key not in ("self", "pipeline")}
        redactor = pipeline.redactor

        def make() -> Feedback:
            _check_time(time)
            return Feedback(
                prediction_id=prediction_id,
                label=None if label is None else label_text(label),
                value=value,
                rating=rating,
                comment=None if comment is None else redactor.short_text(str(comment)),
                business=business,
                model=model,
                version=version,
            )

        pipeline.make_and_send("feedback", make, given, now=_nanoseconds(time))

    def lifecycle(
        self,
        action: str,
        *,
        model: str,
        version: str | None = None,
        previous_version: str | None = None,
        stage: str | None = None,
        previous_stage: str | None = None,
        hosts: Sequence[str] = (),
        user: str | None = None,
        reason: str | None = None,
        training: Mapping[str, Any] | None = None,
        hyperparameters: Mapping[str, Any] | None = None,
        metrics: Mapping[str, float] | None = None,
        change: Mapping[str, Any] | None = None,
    ) -> None:
        """Record a change to a model, its data or its configuration.

        Args:
            action: model-registered, -deployed, -promoted, -rolled-back, -retrained,
                config-changed or data-changed.
            model: Name of the model.
            version: Version after the change.
            previous_version: Version before it.
            stage: Stage after the change, such as ``production``.
            previous_stage: Stage before it.
            hosts: Hosts that it reached.
            user: Who did it.
            reason: Why.
            training: ``dataset``, ``version``, ``rows``, ``started``, ``ended`` of the training.
            hyperparameters: Settings of the training.
            metrics: Metrics of the model at that time.
            change: ``name``, ``before`` and ``after`` of a setting or data set.
        """
        pipeline = current()
        if pipeline is None:
            return
        given = {key: item for key, item in locals().items() if key not in ("self", "pipeline")}
        redactor = pipeline.redactor
        pipeline.make_and_send(
            "lifecycle",
            lambda: Lifecycle(
                action=action,
                model=model,
                version=version,
                previous_version=previous_version,
                stage=stage,
                previous_stage=previous_stage,
                hosts=hosts,
                user=user,
                reason=None if reason is None else redactor.short_text(str(reason)),
                training=training,
                hyperparameters=None
                if hyperparameters is None
                else redactor.mapping(hyperparameters),
                metrics=metrics,
                change=None if change is None else redactor.mapping(change),
            ),
            given,
            urgent=True,
        )


_PREDICTION_ARGUMENTS = frozenset(
    ("model", "version", "features", "label", "score", "value", "probabilities", "id", "dataset")
)


def get_logger(name: str = "service", **values: Any) -> Logger:
    """Return a structlog logger whose events are shipped.

    Args:
        name: Name of the logger; ``__name__`` is the usual choice.
        values: Fields to bind to all its events.
    """
    logger = structlog.wrap_logger(
        None, processors=_PROCESSORS, wrapper_class=Logger, context_class=dict
    )
    bound: Logger = logger.bind(**{_NAME: name}, **values)
    return bound


def _send(_: Any, method_name: str, event: MutableMapping[str, Any]) -> Any:
    pipeline = current()
    if pipeline is not None:
        name = event.pop(_NAME, "service")
        send_structlog_event(pipeline, name, method_name, event)  # type: ignore[arg-type]
    raise structlog.DropEvent


_PROCESSORS = [structlog.contextvars.merge_contextvars, _send]


def _check_number(name: str, value: Any) -> None:
    if value is not None and (isinstance(value, str | bool) or not hasattr(value, "__float__")):
        raise SchemaError(f"{name} must be a number, not {value!r}")


def _check_time(time: object) -> None:
    if time is not None and not isinstance(time, datetime):
        raise SchemaError(f"time must be a datetime, not {type(time).__name__}")


def _nanoseconds(time: object) -> int | None:
    """Return a time in nanoseconds since the epoch; None for what is none."""
    if not isinstance(time, datetime):
        return None
    aware = time if time.tzinfo is not None else time.replace(tzinfo=UTC)
    return (aware - _EPOCH) // _MICROSECOND * 1000
