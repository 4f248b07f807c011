"""The unpleasant things a provider can do to a request, as the knobs ask for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.knobs import Knobs
from sandbox.world import World

_CLOSER = "sandbox.close_connection"
_HANG_SECONDS = 120.0


class NoAnswer(Response):
    """
    Accepted, but the caller never hears of it: the connection is cut, or stays silent until the caller gives up.

    This is how a real send ends as "unknown": the bytes arrived, the answer did not.
    """

    def __init__(self, mode: str) -> None:
        super().__init__()
        self._mode = mode

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        close: Callable[[], None] | None = scope.get(_CLOSER)
        if self._mode == "drop" and close is not None:
            close()
        try:
            async with asyncio.timeout(_HANG_SECONDS):
                while (await receive())["type"] != "http.disconnect":
                    pass
        except TimeoutError:
            await super().__call__(scope, receive, send)


class ConnectionCloser:
    """Outermost layer: lets NoAnswer cut the TCP connection, which ASGI itself has no word for."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # uvicorn's `send` is a method of the request cycle, which holds the transport. Elsewhere NoAnswer falls back
        # to silence.
        transport = getattr(getattr(send, "__self__", None), "transport", None)
        if transport is not None:
            scope[_CLOSER] = transport.close
        await self._app(scope, receive, send)


async def pause(knobs: Knobs) -> None:
    """The time the provider takes to answer."""
    if knobs.send_latency_ms:
        await asyncio.sleep(knobs.send_latency_ms / 1000)


def strikes(world: World, rate: float) -> bool:
    """Throw the dice."""
    return bool(rate) and world.random.random() < rate


def lost_answer(world: World, knobs: Knobs) -> NoAnswer | None:
    """The answer that never comes, if the dice say so."""
    return NoAnswer(knobs.timeout_mode) if strikes(world, knobs.timeout_after_accept_rate) else None


def world_of(request: Request) -> World:
    """The World of this app."""
    world: World = request.app.state.world
    return world
