"""A guard: any connection that leaves this machine fails the test. And the HTTP client of the tests."""

import ipaddress
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

# Less than uvicorn's five seconds: a request on a connection that the server is just closing gets no answer.
_SHORT_LIVED = httpx.Limits(keepalive_expiry=2)


class LeftLocalhost(AssertionError):
    """Something tried to reach the outside."""


def _is_local(address: Any) -> bool:
    if not isinstance(address, tuple):
        return True  # a Unix socket
    host = str(address[0])
    if host in ("localhost", ""):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def client(base_url: str = "", **options: Any) -> httpx.AsyncClient:
    """
    For servers of the tests. They speak plain HTTP, so no certificates are read: 20 ms for each client, of which the
    tests make thousands.
    """
    options = {"timeout": 20, "trust_env": False, "verify": False, "limits": _SHORT_LIVED, **options}
    return httpx.AsyncClient(base_url=base_url, **options)


@contextmanager
def only_localhost() -> Iterator[None]:
    connect, connect_ex, resolve = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        _require_local(address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        _require_local(address)
        return connect_ex(self, address)

    def guarded_resolve(host: Any, *args: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        _require_local((name or "",))
        return resolve(host, *args, **options)

    socket.socket.connect = guarded_connect  # type: ignore[method-assign]
    socket.socket.connect_ex = guarded_connect_ex  # type: ignore[method-assign]
    socket.getaddrinfo = guarded_resolve
    try:
        yield
    finally:
        socket.socket.connect = connect  # type: ignore[method-assign]
        socket.socket.connect_ex = connect_ex  # type: ignore[method-assign]
        socket.getaddrinfo = resolve


def _require_local(address: Any) -> None:
    if not _is_local(address):
        raise LeftLocalhost(f"a test tried to reach {address[0]}")
