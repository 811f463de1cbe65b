"""Every transport delivers, keeps its connection, and says what was acknowledged."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shipper.address import parse_address
from shipper.credentials import Credentials
from shipper.errors import ConfigurationError
from shipper.transports import open_transport
from shipper.transports.base import (
    DeliveryError,
    DeliveryTransport,
    RefusedError,
    UnansweredError,
    UnreachableError,
)
from tests.receivers import beats
from tests.receivers.beats import BeatsServer
from tests.receivers.certificates import Certificates, make_certificates
from tests.receivers.http import HttpServer
from tests.receivers.index import Index, wait_for
from tests.receivers.lines import LineServer

STREAM = "logs-ml.service-default"


def event(number: int, **extra: Any) -> bytes:
    """Return a small record."""
    return json.dumps(
        {
            "event": {"id": f"e-{number}", "sequence": number},
            "data_stream": {"dataset": "ml.service"},
            "numeric_labels": {"number": number},
            **extra,
        }
    ).encode()


def events(count: int, first: int = 0) -> list[bytes]:
    """Return some records."""
    return [event(number) for number in range(first, first + count)]


def transport(url: str, **credentials: Any) -> DeliveryTransport:
    """Open a transport."""
    return open_transport(parse_address(url), Credentials(**credentials))


def send(to: DeliveryTransport, some: list[bytes]) -> Any:
    """Send events of one stream."""
    return to.send(some, streams=[STREAM] * len(some))


SERVERS = {"beats": BeatsServer, "http": HttpServer, "tcp": LineServer}


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A receiver of each kind."""
    with SERVERS[request.param]() as running:
        yield running


def test_batches_arrive_in_order_over_one_connection(server: Any) -> None:
    """Ten batches, one connection, every record once."""
    to = transport(server.url)
    for batch in range(10):
        send(to, events(100, first=batch * 100))
    assert server.index.await_numbers(1000) == list(range(1000))
    assert server.connections == 1
    assert server.index.resent == 0
    to.close()


def test_a_large_batch_is_sent_whole(server: Any) -> None:
    """More than any socket buffer takes at once: short sends are continued."""
    to = transport(server.url)
    send(to, [event(number, text="x" * 500_000) for number in range(30)])
    assert server.index.await_numbers(30) == list(range(30))
    to.close()


def test_a_restarted_receiver_is_connected_to_again(server: Any) -> None:
    """A connection that has died is noticed, and the next attempt opens a new one."""
    to = transport(server.url)
    send(to, events(10))
    server.index.await_numbers(10)
    server.kill()
    with pytest.raises(DeliveryError):
        send(to, events(10, first=10))
    server.start()
    send(to, events(10, first=10))
    assert sorted(server.index.await_numbers(20)) == list(range(20))


def test_nobody_listens() -> None:
    """The message says what to check."""
    for scheme in ("beats", "http", "tcp", "elasticsearch"):
        with pytest.raises(UnreachableError, match=r"nothing listens at .*is the receiver running"):
            send(transport(f"{scheme}://127.0.0.1:1"), events(1))


def test_a_name_that_does_not_exist() -> None:
    """The message names the host."""
    for scheme in ("beats", "http", "tcp", "elasticsearch"):
        with pytest.raises(UnreachableError, match=r"name 'nowhere\.invalid' is not known"):
            send(transport(f"{scheme}://nowhere.invalid:5044"), events(1))


def test_beats_over_ipv6() -> None:
    """An address in brackets."""
    with BeatsServer(host="::1") as server:
        send(transport(server.url), events(3))
        assert server.index.numbers() == [0, 1, 2]


def test_beats_without_compression() -> None:
    """Frames may go as they are."""
    with BeatsServer() as server:
        send(transport(f"{server.url}?compression=0"), events(3))
        assert server.index.numbers() == [0, 1, 2]


def test_partial_acknowledgements_count() -> None:
    """What was acknowledged before the connection broke is not sent again."""
    with BeatsServer(beats.acknowledge_half_and_close) as server:
        with pytest.raises(UnansweredError) as caught:
            send(transport(server.url), events(10))
        assert caught.value.accepted == 5


def test_an_acknowledgement_that_never_comes_ends_in_time() -> None:
    """The address's timeout is the deadline."""
    with (
        BeatsServer(beats.never_acknowledge) as server,
        pytest.raises(UnansweredError, match="did not answer in time"),
    ):
        send(transport(f"{server.url}?timeout=0.2"), events(10))


def test_signs_of_life_are_not_acknowledgements() -> None:
    """Logstash with a full queue says that it is alive for ever; four times the timeout is enough."""

    def only_alive(server: BeatsServer, connection: Any, some: list[bytes]) -> None:
        while True:
            beats.send_acknowledgement(connection, 0)
            time.sleep(0.05)

    with BeatsServer(only_alive) as server, pytest.raises(UnansweredError, match="in time"):
        send(transport(f"{server.url}?timeout=0.2"), events(10))


def test_what_is_not_beats_is_said_to_be_that() -> None:
    """A wrong port is a common mistake."""

    def babble(server: BeatsServer, connection: Any, some: list[bytes]) -> None:
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n")

    with BeatsServer(babble) as server, pytest.raises(UnansweredError, match="does not speak"):
        send(transport(server.url), events(1))


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, RefusedError), (413, RefusedError), (401, UnreachableError), (404, UnreachableError),
     (429, UnreachableError), (503, UnreachableError), (500, UnansweredError), (0, UnansweredError)],
)  # fmt: skip
def test_http_answers_are_told_apart(status: int, kind: type[DeliveryError]) -> None:
    """Only some of them speak against the batch."""
    with HttpServer(lambda server, some: status) as server, pytest.raises(kind):
        send(transport(server.url), events(1))


def test_http_asks_to_wait() -> None:
    """``Retry-After`` is heard."""
    with HttpServer(lambda server, some: 429, retry_after=7) as server:
        with pytest.raises(UnreachableError) as caught:
            send(transport(server.url), events(1))
        assert caught.value.retry_after == 7


def test_http_with_password_path_and_compression() -> None:
    """Credentials come from the environment, never from the URL."""
    with HttpServer() as server:
        to = transport(f"{server.url}/ml?compression=6", username="elkhound", password="secret")
        send(to, events(5))
        assert server.index.numbers() == [0, 1, 2, 3, 4]
        assert server.headers[0]["Authorization"].startswith("Basic ")
        assert server.headers[0]["Content-Encoding"] == "gzip"


def test_http_sends_what_is_on_disk_byte_for_byte() -> None:
    """Nothing is decoded and encoded again: numbers keep every digit."""
    seen: list[bytes] = []

    def keep(server: HttpServer, some: list[bytes]) -> int:
        seen.extend(some)
        return 200

    with HttpServer(keep) as server:
        send(transport(server.url), [b'{"n":12345678901234567890123456789}'])
    assert seen == [b'{"n": 12345678901234567890123456789}']


def test_file_copies_into_another_store(tmp_path: Path) -> None:
    """The folder of a store is a destination too."""
    to = transport(f"file:{tmp_path}/other")
    to.send(events(2), streams=["logs-ml.a-default", "logs-ml.b-default"])
    to.close()
    found = sorted(path.parent.name for path in (tmp_path / "other").glob("*/*.ndjson"))
    assert found == ["logs-ml.a-default", "logs-ml.b-default"]


TLS_SERVERS = {"beats": BeatsServer, "http": HttpServer, "tcp": LineServer}


@pytest.fixture(params=TLS_SERVERS)
def kind(request: pytest.FixtureRequest) -> Any:
    """A class of receivers that can do TLS."""
    return TLS_SERVERS[request.param]


def test_tls_with_the_right_certificate(kind: Any, certificates: Certificates) -> None:
    """Several batches over one encrypted connection."""
    with kind(context=certificates.server()) as server:
        to = transport(f"{server.url}?ca={certificates.ca}")
        for batch in range(3):
            send(to, events(10, first=10 * batch))
        assert server.index.await_numbers(30) == list(range(30))
        assert server.connections == 1


def test_tls_refuses_a_wrong_host_name(kind: Any, certificates: Certificates) -> None:
    """A certificate of the right authority for another machine is not enough."""
    with kind(context=certificates.server("other.example")) as server:
        with pytest.raises(UnreachableError, match=r"is for another name than '127.0.0.1'"):
            send(transport(f"{server.url}?ca={certificates.ca}"), events(1))
        assert server.index.received == 0


def test_tls_takes_the_name_to_expect(kind: Any, certificates: Certificates) -> None:
    """Where a machine is reached by another name than its certificate's."""
    with kind(context=certificates.server("other.example")) as server:
        send(transport(f"{server.url}?ca={certificates.ca}&server_name=other.example"), events(1))
        assert server.index.await_numbers(1) == [0]


def test_tls_refuses_an_expired_certificate(kind: Any, certificates: Certificates) -> None:
    """The message says to renew it."""
    with kind(context=certificates.server(expired=True)) as server:
        with pytest.raises(UnreachableError, match="has expired"):
            send(transport(f"{server.url}?ca={certificates.ca}"), events(1))
        assert server.index.received == 0


def test_tls_refuses_an_unknown_authority(
    kind: Any, certificates: Certificates, tmp_path: Path
) -> None:
    """The message says how to name it."""
    (tmp_path / "others").mkdir()
    others = make_certificates(tmp_path / "others")
    with kind(context=certificates.server()) as server:
        for options in ("", f"?ca={others.ca}"):
            with pytest.raises(UnreachableError, match=r"not signed by an authority.*\?ca=FILE"):
                send(transport(server.url + options), events(1))
        assert server.index.received == 0


def test_tls_checks_nothing_only_when_told(kind: Any, certificates: Certificates) -> None:
    """``verify=no`` is a switch one has to write."""
    with kind(context=certificates.server("other.example")) as server:
        send(transport(f"{server.url}?verify=no"), events(1))
        assert server.index.await_numbers(1) == [0]


def test_tls_with_a_client_certificate(kind: Any, certificates: Certificates) -> None:
    """Both sides show who they are; without it the receiver takes nothing."""
    certificate, key = certificates.client()
    with kind(context=certificates.server(asks_for_client=True)) as server:
        to = transport(f"{server.url}?ca={certificates.ca}&certificate={certificate}&key={key}")
        send(to, events(2))
        assert server.index.await_numbers(2) == [0, 1]
        # TLS 1.3 tells the client only after its handshake: where nothing is acknowledged, not always
        if kind is not LineServer:
            with pytest.raises(DeliveryError):
                send(transport(f"{server.url}?ca={certificates.ca}"), events(1, first=2))
        assert server.index.received == 2


def test_tls_to_a_plain_port() -> None:
    """The message says that the port does not speak TLS, or broke off."""
    with LineServer() as server, pytest.raises(UnreachableError):
        send(transport(f"tcp+tls://127.0.0.1:{server.port}?timeout=2"), events(1))
    with HttpServer() as http, pytest.raises(UnreachableError, match="does not speak TLS"):
        send(transport(f"https://127.0.0.1:{http.port}"), events(1))


def test_a_broken_certificate_is_a_configuration_error(
    certificates: Certificates, tmp_path: Path
) -> None:
    """It is seen at ``configure``, not at night."""
    broken = tmp_path / "broken.pem"
    broken.write_text("no certificate")
    with pytest.raises(ConfigurationError, match=r"ca .* cannot be loaded"):
        transport(f"beats+tls://host:5044?ca={broken}")
    with pytest.raises(ConfigurationError, match=r"certificate .* cannot be loaded"):
        transport(f"beats+tls://host:5044?certificate={broken}&key={broken}")


def test_connections_are_encrypted_with_tls_1_2_or_newer(certificates: Certificates) -> None:
    """Older versions are refused by the client."""
    context = certificates.server()
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with BeatsServer(context=context) as server, pytest.raises(UnreachableError):
        send(transport(f"{server.url}?ca={certificates.ca}&timeout=2"), events(1))


def test_the_index_counts_what_came_twice() -> None:
    """The tests' own measure."""
    index = Index()
    index.take(event(1))
    index.take(event(1))
    assert (index.received, index.resent, index.numbers()) == (2, 1, [1])
    assert wait_for(lambda: 1, lambda found: found == 2, 0.05) == 1
