"""Errors of sockets, HTTP clients, TLS and asyncio in a service that calls others."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import urllib.error
import urllib.request
from typing import Any

import httpx
import requests

from tests.corpus.causes import RootCauses, each


class RateUnavailableError(RuntimeError):
    """The exchange rate could not be had."""


class PaymentError(RuntimeError):
    """A payment did not go through."""


class Refusing:
    """Ports on which nobody listens."""

    @staticmethod
    def port() -> int:
        """Return a port that is free now."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            found: int = probe.getsockname()[1]
            return found


def fetch_rate(_: int) -> Any:
    """Ask the exchange, which is down."""
    return requests.get(f"http://127.0.0.1:{Refusing.port()}/rate", timeout=1)


def price(number: int) -> Any:
    """A request that needs the rate."""
    return fetch_rate(number)


def refresh_rates(number: int) -> Any:
    """A schedule that needs the rate."""
    try:
        return fetch_rate(number)
    except requests.RequestException as error:
        raise RateUnavailableError(f"no rate for batch {number}") from error


def charge(_: int) -> Any:
    """Ask the payment service, which is down, with another client."""
    return httpx.get(f"http://127.0.0.1:{Refusing.port()}/charge", timeout=1)


def wait_for_features(seconds: float) -> Any:
    """Wait for a store that does not answer."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = socket.create_connection(silent.getsockname(), timeout=seconds)
        return client.recv(1)


def features_of_user(user: int) -> Any:
    """A request that waits."""
    return wait_for_features(0.01 + user / 1e6)


def find_host(name: str) -> Any:
    """Resolve a name that is none."""
    return socket.getaddrinfo(f"{name}.invalid", 443)


def speak_tls(_: int) -> Any:
    """Speak TLS to somebody who does not."""
    one, other = socket.socketpair()
    other.send(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 4)
    with one, other:
        return ssl.create_default_context().wrap_socket(one, server_hostname="store")


def trust(path: str) -> Any:
    """Load an authority that is not there."""
    return ssl.create_default_context(cafile=path)


def parse_answer(text: str) -> Any:
    """Read an answer that is no JSON."""
    return json.loads(text)


def profile_of(user: int) -> Any:
    """A page of an overloaded proxy in place of an answer."""
    return parse_answer(f"<html>{user}")


def cut_answer(text: str) -> Any:
    """An answer that ends too early."""
    return json.loads(text)


def open_url(url: str) -> Any:
    """Open an address of a kind that nobody knows."""
    return urllib.request.urlopen(url)


async def _slow(seconds: float) -> None:
    await asyncio.sleep(seconds)


def embed_in_time(seconds: float) -> Any:
    """An encoder that takes too long."""

    async def run() -> None:
        await asyncio.wait_for(_slow(1), seconds)

    return asyncio.run(run())


def gather(users: list[int]) -> Any:
    """Several lookups of which some fail: an exception group."""

    async def look_up(user: int) -> None:
        if user % 2:
            raise KeyError(f"user-{user}")

    async def run() -> None:
        async with asyncio.TaskGroup() as group:
            for user in users:
                group.create_task(look_up(user))

    return asyncio.run(run())


def from_thread() -> Any:
    """Ask for a loop where none runs."""
    return asyncio.get_running_loop()


def pay(amount: int) -> Any:
    """A declined card, wrapped."""
    try:
        raise PermissionError(13, f"card declined for order {amount}")
    except PermissionError as error:
        raise PaymentError(f"order {amount} could not be paid") from error


def status_of(code: int) -> Any:
    """An answer that says no."""
    answer = httpx.Response(code, request=httpx.Request("GET", "http://store/v1/users/7"))
    return answer.raise_for_status()


def throttled(user: int) -> Any:
    """Too many requests to the store."""
    request = httpx.Request("GET", f"http://store/v1/users/{user}")
    return httpx.Response(429, request=request).raise_for_status()


def expired(user: int) -> Any:
    """A token that has expired."""
    request = httpx.Request("GET", f"http://vault/v1/keys/{user}")
    return httpx.Response(401, request=request).raise_for_status()


ROOT_CAUSES: RootCauses = {
    "the exchange is down": each(price, 1, 2),
    "the exchange is down in a batch": each(refresh_rates, 1, 77),
    "the payment service is down": each(charge, 1, 2),
    "the feature store does not answer": each(features_of_user, 3, 9000),
    "a host name that is none": each(find_host, "store", "cache-7"),
    "plain text where TLS should be": each(speak_tls, 1, 2),
    "the authority's file is not there": each(trust, "/etc/ssl/a.pem", "/etc/ssl/b.pem"),
    "a proxy answers with a page": each(profile_of, 1, 99),
    "an answer is cut off": each(cut_answer, '{"id": 1, "name": "a', '{"id": 22, "nam": "bcd'),
    "an address of no known kind": each(open_url, "s4://bucket/a", "s4://bucket/b/c"),
    "the encoder is too slow": each(embed_in_time, 0.001, 0.002),
    "some lookups of a group fail": each(gather, ([1, 2],), ([4, 5],)),
    "no loop in this thread": each(from_thread, (), ()),
    "a card is declined": each(pay, 17, 4711),
    "too many requests to the store": each(throttled, 3, 99),
    "a token has expired": each(expired, 3, 12),
}
