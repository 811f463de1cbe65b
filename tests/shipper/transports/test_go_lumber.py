"""Our Beats client and the tests' own Beats server speak what Elastic's library speaks."""

from __future__ import annotations

import json
import os

import pytest

from tests.receivers import go_lumber
from tests.receivers.beats import BeatsServer
from tests.shipper.transports.test_transports import event, events, send, transport


@pytest.fixture(scope="module", autouse=True)
def program() -> None:
    """Build go-lumber, or say why that cannot be done."""
    try:
        go_lumber.build()
    except go_lumber.GoUnavailableError as reason:
        if os.environ.get("CI"):
            pytest.fail(str(reason))
        pytest.skip(str(reason))


@pytest.mark.parametrize("compression", [0, 1, 9])
def test_our_client_to_elastics_server(compression: int) -> None:
    """Several windows over one connection, plain and compressed."""
    with go_lumber.serving() as (url, printed):
        to = transport(f"{url}?compression={compression}")
        for first in (0, 100):
            send(to, events(100, first=first))
        found = [json.loads(printed.readline())["numeric_labels"]["number"] for _ in range(200)]
        assert found == list(range(200))
        to.close()


def test_signs_of_life_of_elastics_server() -> None:
    """It acknowledges nothing for longer than the timeout, and says meanwhile that it is alive."""
    with go_lumber.serving(delay="1s") as (url, printed):
        send(transport(f"{url}?timeout=0.5"), [event(1)])
        assert json.loads(printed.readline())["event"]["id"] == "e-1"


@pytest.mark.parametrize("level", [0, 3])
def test_elastics_client_to_the_tests_server(level: int) -> None:
    """So the other fault tests rest on a server that speaks the real protocol."""
    with BeatsServer() as server:
        assert go_lumber.send(server.port, events(50), level) == 50
        assert server.index.numbers() == list(range(50))
