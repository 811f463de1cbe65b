"""``observe``: one decorator around a predict function records each row it predicts."""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar, cast

from shipper.context import PredictionContext, current_prediction, last_prediction
from shipper.events import log_event
from shipper.exceptions import describe
from shipper.features import FeatureFields, encode_features
from shipper.identifiers import new_event_id
from shipper.outputs import Output, Returns, read_outputs
from shipper.pipeline import Pipeline
from shipper.records import Outcome, Prediction
from shipper.rows import Row, split_rows
from shipper.state import current
from shipper.values import words

P = ParamSpec("P")
T = TypeVar("T")

_LOGGER = "shipper.observe"
_CANCELLED = "CancelledError"
"""Of asyncio, anyio or trio, none of which is imported for the sake of its name."""


def observe(
    *,
    model: str,
    version: str | Callable[[], str],
    features: Sequence[str] | None = None,
    segments: Sequence[str] | Callable[[Row], Mapping[str, Any]] = (),
    returns: Returns = "auto",
    classes: Sequence[Any] = (),
    id: Callable[[Row], str] | None = None,  # noqa: A002 (the record's own word)
    argument: int | str = 0,
    dataset: str | None = None,
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Record each row that the decorated predict function answers, and each of its failures.

    The function may be plain, ``async``, a generator or an async generator; its input one row or
    a batch (mapping, dataclass, pydantic model, NumPy array, pandas or polars data frame, list of
    rows). It is called exactly once, its result and its exceptions reach the caller unchanged, and
    nothing that goes wrong in recording does.

    Args:
        model: Name of the model.
        version: Version of the model, or a function that tells it at each call.
        features: Names of the inputs that the model needs. They name the columns of arrays, and
            those that a row lacks are listed in ``ml.features.missing``.
        segments: Inputs to compare by, or a function from a row to such groups.
        returns: What numbers in the result mean: label, score, value or probabilities.
        classes: Names of the classes, in the order of the probabilities.
        id: Function from a row to the id of its prediction, where feedback will name your own.
        argument: Position (``self`` not counted) or name of the argument that holds the input.
        dataset: Data set of the rows, where they are not live traffic.
    """
    if not model:
        raise TypeError("observe needs the model's name: @observe(model='churn', version='1.0')")
    plan = _Plan(model, version, features or (), segments, returns, classes, id, argument, dataset)

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        plan.takes_self = _takes_self(function)
        return cast("Callable[P, T]", _wrap(function, plan))

    return decorate


@dataclass(slots=True)
class _Plan:
    """The decorator's arguments."""

    model: str
    version: str | Callable[[], str]
    features: Sequence[str]
    segments: Sequence[str] | Callable[[Row], Mapping[str, Any]]
    returns: Returns
    classes: Sequence[Any]
    id: Callable[[Row], str] | None
    argument: int | str
    dataset: str | None
    takes_self: bool = False

    def input_of(self, arguments: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
        """Return the input among the arguments of a call, or None."""
        if isinstance(self.argument, str):
            return named.get(self.argument)
        place = self.argument + (1 if self.takes_self else 0)
        if place < len(arguments):
            return arguments[place]
        return next(iter(named.values()), None)


def _wrap(function: Callable[..., Any], plan: _Plan) -> Callable[..., Any]:
    if inspect.isasyncgenfunction(function):

        @functools.wraps(function)
        async def stream(*arguments: Any, **named: Any) -> Any:
            call = _Call.begin(plan, arguments, named)
            try:
                async for item in function(*arguments, **named):
                    if call is not None:
                        call.add(item)
                    yield item
            except BaseException as error:
                _fail(call, error)
                raise
            _succeed_stream(call)

        return stream
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def answer(*arguments: Any, **named: Any) -> Any:
            call = _Call.begin(plan, arguments, named)
            try:
                result = await function(*arguments, **named)
            except BaseException as error:
                _fail(call, error)
                raise
            _succeed(call, result)
            return result

        return answer
    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def generate(*arguments: Any, **named: Any) -> Any:
            call = _Call.begin(plan, arguments, named)
            try:
                result = yield from _remembering(function(*arguments, **named), call)
            except BaseException as error:
                _fail(call, error)
                raise
            _succeed_stream(call)
            return result

        return generate

    @functools.wraps(function)
    def predict(*arguments: Any, **named: Any) -> Any:
        call = _Call.begin(plan, arguments, named)
        try:
            result = function(*arguments, **named)
        except BaseException as error:
            _fail(call, error)
            raise
        _succeed(call, result)
        return result

    return predict


def _remembering(source: Any, call: _Call | None) -> Generator[Any, Any, Any]:
    """Hand on a generator's items, and what is sent into it, while keeping the items."""
    step = functools.partial(source.send, None)
    while True:
        try:
            item = step()
        except StopIteration as end:
            return end.value
        if call is not None:
            call.add(item)
        try:
            step = functools.partial(source.send, (yield item))
        except GeneratorExit:
            source.close()
            raise
        except BaseException as error:
            step = functools.partial(source.throw, error)


class _Call:
    """One call of an observed function: what went in, and what will be recorded."""

    __slots__ = (
        "_began", "_context", "_encoded", "_items", "_outer", "_pipeline", "_plan", "_rows",
        "_segments", "_wall",
    )  # fmt: skip

    @classmethod
    def begin(
        cls, plan: _Plan, arguments: tuple[Any, ...], named: Mapping[str, Any]
    ) -> _Call | None:
        """Take in the call; None where nothing is configured or the input defeats us."""
        pipeline = current()
        if pipeline is None:
            return None
        try:
            return cls(pipeline, plan, plan.input_of(arguments, named))
        except Exception as error:
            pipeline.count_failure(error)
            return None

    def __init__(self, pipeline: Pipeline, plan: _Plan, value: Any) -> None:
        self._pipeline = pipeline
        self._plan = plan
        self._items: list[Any] = []
        self._rows, _ = split_rows(value, plan.features)
        # encoded before the call: the function may change its input
        self._encoded = [
            encode_features(row, pipeline.redactor, plan.features) for row in self._rows
        ]
        self._segments = [
            _segments(plan, row, f) for row, f in zip(self._rows, self._encoded, strict=True)
        ]
        request_id = new_event_id()
        identities = tuple(_identity(plan, row) for row in self._rows)
        shared = self._segments[0] if len(self._segments) == 1 else {}
        version = plan.version() if callable(plan.version) else plan.version
        features = self._encoded[0] if len(self._encoded) == 1 else None
        self._context = PredictionContext(
            plan.model, str(version), request_id, identities, shared, features
        )
        self._outer = current_prediction.get()
        current_prediction.set(self._context)
        self._wall = time.time_ns()
        self._began = time.perf_counter_ns()

    def add(self, item: Any) -> None:
        """Keep one item of a stream."""
        self._items.append(item)

    def finish(self, result: Any) -> None:
        """Record a call that answered."""
        duration = time.perf_counter_ns() - self._began
        outputs = read_outputs(result, len(self._rows), self._plan.returns, self._plan.classes)
        self._send(duration, outputs, None, "success")
        self._leave()

    def finish_stream(self) -> None:
        """Record a generator: an item for each row, or all items as the one row's answer."""
        items = self._items
        if len(self._rows) == 1 and len(items) != 1:
            texts = [item for item in items if isinstance(item, str)]
            if items and len(texts) == len(items):
                self.finish({"text": "".join(texts)})
            else:
                self.finish(items[-1] if items else None)
        else:
            self.finish(items)

    def fail(self, error: BaseException) -> None:
        """Record a call that raised: an error record, and its rows as failed predictions."""
        duration = time.perf_counter_ns() - self._began
        described = describe(error, self._pipeline.redactor)
        message = f"prediction failed: {described.message}"
        log_event(self._pipeline, "error", _LOGGER, message, {}, error, described=described)
        self._send(duration, [], (described.type, described.fingerprint), "failure")
        self._leave()

    def cancel(self) -> None:
        """Record a call that was stopped from outside: neither an answer nor an error."""
        self._send(time.perf_counter_ns() - self._began, [], None, "unknown")
        self._leave()

    def _leave(self) -> None:
        current_prediction.set(self._outer)
        last_prediction.set(self._context.prediction_ids)

    def _send(
        self,
        duration: int,
        outputs: Sequence[Output],
        error: tuple[str, str] | None,
        outcome: Outcome,
    ) -> None:
        context = self._context
        for place, identity in enumerate(context.prediction_ids):
            record = Prediction(
                model=context.model,
                version=context.version,
                id=identity,
                request_id=context.request_id,
                features=self._encoded[place],
                output=outputs[place] if outputs else Output(),
                outcome=outcome,
                duration=duration,
                row=place,
                rows=len(self._rows),
                segments=self._segments[place],
                dataset=self._plan.dataset,
                error_type=None if error is None else error[0],
                error_fingerprint=None if error is None else error[1],
            )
            self._pipeline.send(record, now=self._wall)


def _succeed(call: _Call | None, result: Any) -> None:
    _guard(call, lambda active: active.finish(result))


def _succeed_stream(call: _Call | None) -> None:
    _guard(call, _Call.finish_stream)


def _fail(call: _Call | None, error: BaseException) -> None:
    if isinstance(error, GeneratorExit):
        _guard(call, _Call.finish_stream)
    elif isinstance(error, KeyboardInterrupt | SystemExit) or type(error).__name__ == _CANCELLED:
        _guard(call, _Call.cancel)
    else:
        _guard(call, lambda active: active.fail(error))


def _guard(call: _Call | None, action: Callable[[_Call], None]) -> None:
    if call is None:
        return
    try:
        action(call)
    except Exception as error:
        call._pipeline.count_failure(error)


def _identity(plan: _Plan, row: Row) -> str:
    return str(plan.id(row)) if plan.id is not None else new_event_id()


def _segments(plan: _Plan, row: Row, features: FeatureFields) -> dict[str, str]:
    if callable(plan.segments):
        return words("ml.segment", plan.segments(row))
    found: dict[str, Any] = {}
    for name in plan.segments:
        value = features.category.get(name, features.number.get(name))
        if value is not None:
            found[name] = value
    return words("ml.segment", found)


def _takes_self(function: Callable[..., Any]) -> bool:
    try:
        first = next(iter(inspect.signature(function).parameters), "")
    except (TypeError, ValueError):
        return False
    return first in ("self", "cls")
