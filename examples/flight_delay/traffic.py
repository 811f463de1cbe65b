"""Real requests over HTTP, and the faults of those who send them."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from examples.flight_delay.data import FEATURES, load_flights

Flight = dict[str, Any]
PARTNERS = ("direct", "skyways", "farefinder")


def rename_a_column(flight: Flight) -> Flight:
    """One partner ships a new release of its client, which calls a field by another name."""
    if flight["partner"] == "skyways":
        flight["departure_delay"] = flight.pop("dep_delay")
    return flight


def lose_the_weather(flight: Flight) -> Flight:
    """The weather station of one airport sends nothing."""
    if flight["origin"] == "JFK":
        flight.update(temp=None, wind_speed=None, visib=None)
    return flight


def add_a_carrier(flight: Flight) -> Flight:
    """A carrier that the model never saw begins to fly from one airport."""
    if flight["origin"] == "LGA" and flight["carrier"] in ("MQ", "9E"):
        flight["carrier"] = "G4"
    return flight


class Traffic:
    """Sends flights at a steady rate from several threads until it is stopped.

    Args:
        port: Port of the service on this machine.
        rate: Requests a second, over all threads.
        threads: Number of threads.
    """

    def __init__(self, port: int, rate: float, threads: int = 4) -> None:
        flights = load_flights(months=(4, 5, 6), rows=20_000, seed=1)
        self._late = flights["late"].tolist()
        self._flights: list[Flight] = flights[FEATURES].to_dict("records")
        self._port = port
        self._pause = threads / rate
        self._stop = threading.Event()
        self.fault: Callable[[Flight], Flight] | None = None
        self.explain = False
        self.sent = 0
        self.failed = 0
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._run, args=(number,), daemon=True)
            for number in range(threads)
        ]

    def start(self) -> None:
        """Begin to send."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop and wait for the requests under way."""
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=10)

    def _run(self, number: int) -> None:
        draw = random.Random(number)
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        due = time.monotonic()
        while not self._stop.is_set():
            place = draw.randrange(len(self._flights))
            flight = {**self._flights[place], "partner": draw.choice(PARTNERS)}
            fault = self.fault
            if fault is not None:
                flight = fault(flight)
            explain = self.explain and draw.random() < 0.15
            status, answer = post(connection, f"/predict?explain={str(explain).lower()}", flight)
            with self._lock:
                self.sent += 1
                self.failed += status != 200
            if status == 200 and draw.random() < 0.2:
                late = str(self._late[place]).lower()
                post(connection, f"/feedback/{quote(answer['prediction_id'])}?late={late}", None)
            due += self._pause
            time.sleep(max(0.0, due - time.monotonic()))
        connection.close()


def post(connection: http.client.HTTPConnection, path: str, body: Any) -> tuple[int, Any]:
    """Send one request and return status and answer; 0 where the connection failed."""
    for _ in range(2):  # the service closes connections that were idle
        try:
            connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, json.loads(response.read() or b"null")
        except (ConnectionError, http.client.CannotSendRequest):
            connection.close()
        except (OSError, http.client.HTTPException, ValueError):
            connection.close()
            break
    return 0, None
