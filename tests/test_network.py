"""The guard that keeps tests on this machine, by each way out that the code has."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

import pytest

from tests.support.network import LeftLocalhost

# Kept for documentation: nobody answers there (RFC 5737, RFC 2606).
_OUTSIDE, _NAME = "192.0.2.7", "parley.example"


async def _by_loop(host: str) -> None:
    await asyncio.open_connection(host, 9)


async def _by_datagrams(host: str) -> None:
    await asyncio.get_running_loop().create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=(host, 9))


async def _by_socket(host: str) -> None:
    with socket.socket() as opened:
        opened.connect((host, 9))


async def _by_socket_of_loop(host: str) -> None:
    with socket.socket() as opened:
        opened.setblocking(False)
        await asyncio.get_running_loop().sock_connect(opened, (host, 9))


async def _by_name(host: str) -> None:
    await asyncio.get_running_loop().getaddrinfo(host, 9)


async def _by_blocking_name(host: str) -> None:
    await asyncio.to_thread(socket.getaddrinfo, host, 9)


_WAYS = (_by_loop, _by_datagrams, _by_socket, _by_socket_of_loop, _by_name, _by_blocking_name)


@pytest.mark.parametrize("host", [_OUTSIDE, _NAME])
@pytest.mark.parametrize("leave", _WAYS)
async def test_nothing_leaves_this_machine(leave: Callable[[str], Awaitable[None]], host: str) -> None:
    with pytest.raises(LeftLocalhost, match=host):
        await leave(host)
