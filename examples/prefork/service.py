"""A model service for gunicorn: configured once before the fork, each worker ships its own records.

Run it from the root of the repository::

    ELKHOUND_TO=beats://localhost:5044 gunicorn -c examples/prefork/gunicorn_settings.py

and ask it for a prediction: ``curl localhost:8000/predict/42``.
"""

from __future__ import annotations

import logging

from fastapi import FastAPI

import shipper
from shipper.integrations.starlette import RequestMiddleware

shipper.configure(service="prefork-example", version="1.0.0", to="file:elkhound-data")
logging.getLogger().addHandler(shipper.LogHandler())
log = shipper.get_logger(__name__)

app = FastAPI()
app.add_middleware(RequestMiddleware)


@shipper.observe(model="parity", version="1.0.0")
def predict(row: dict[str, int]) -> dict[str, str]:
    """Say whether a number is even: the smallest model there is."""
    return {"label": "odd" if row["number"] % 2 else "even"}


@app.get("/predict/{number}")
def answer(number: int) -> dict[str, str]:
    """Answer one request."""
    log.info("request served", number=number)
    return predict({"number": number})
