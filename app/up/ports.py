"""Listening sockets and ports: the usual one if it is free, else a free one, or exactly the one that was asked for."""

import errno
import ipaddress
import socket


class PortTaken(Exception):
    """The port that was asked for cannot be listened on; the message says which and why."""


def listen(host: str, wanted: int, usual: int) -> socket.socket:
    """
    A listening socket: on `wanted`, or with 0 on `usual` if free, else on any free port. Raises PortTaken.

    It is opened here and handed to the web process, so that nobody can take the port in between, and browsers wait
    instead of failing while that process is restarted.
    """
    if wanted:
        try:
            return _listen(host, wanted)
        except OSError as error:
            why = "another program uses it" if error.errno == errno.EADDRINUSE else str(error.strerror or error)
            raise PortTaken(f"Cannot listen on {host} port {wanted}: {why}.") from None
    try:
        return _listen(host, usual)
    except OSError:
        try:
            return _listen(host, 0)
        except OSError as error:
            raise PortTaken(f"Cannot listen on {host}: {error.strerror or error}.") from None


def pick(host: str, wanted: int, usual: int) -> int:
    """A port that could be listened on a moment ago, chosen as in `listen`. Raises PortTaken."""
    with listen(host, wanted, usual) as probe:
        return int(probe.getsockname()[1])


def is_free(host: str, port: int) -> bool:
    try:
        _listen(host, port).close()
    except OSError:
        return False
    return True


def reachable_host(host: str) -> str:
    """The host to use in an address on this machine for a server that listens on `host`."""
    if host in ("", "0.0.0.0", "::"):  # noqa: S104 - compared, not listened on
        return "127.0.0.1"
    try:
        return f"[{host}]" if ipaddress.ip_address(host).version == 6 else host
    except ValueError:
        return host


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
        found.listen(2048)
    except OSError:
        found.close()
        raise
    return found
