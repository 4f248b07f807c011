"""Routes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from sandbox.world import World

API: list[BaseRoute] = []
CONTENT: list[BaseRoute] = []
HANDLERS: dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = {}


def resume(world: World) -> None:
    """Nothing yet."""
