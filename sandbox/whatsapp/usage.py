"""Rate headers of Graph, and the hourly allowance of management calls."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import orjson
from starlette.requests import Request
from starlette.responses import Response

from sandbox.faults import world_of
from sandbox.whatsapp.auth import token_of
from sandbox.whatsapp.errors import GraphError
from sandbox.world import World

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]
_CALLS_AN_HOUR = 5_000


def counted(endpoint: Endpoint) -> Endpoint:
    """Add the usage headers to the answers of an endpoint."""

    async def call(request: Request) -> Response:
        response = await endpoint(request)
        _headers(world_of(request), request, response)
        return response

    return call


def managed(endpoint: Endpoint) -> Endpoint:
    """The same for management calls, which also use up an allowance of 5,000 an hour and answer 80007 beyond it."""

    async def call(request: Request) -> Response:
        world = world_of(request)
        key = ("graph calls", token_of(request))
        per_second = _CALLS_AN_HOUR / 3600 * world.clock.speed
        if world.knobs.of("whatsapp").limits and world.buckets.take(key, world.clock.now(), per_second, _CALLS_AN_HOUR):
            raise GraphError(80007)
        response = await endpoint(request)
        _headers(world, request, response)
        return response

    return call


def _headers(world: World, request: Request, response: Response) -> None:
    share = world.buckets.share_used(("graph calls", token_of(request)), world.clock.now())
    used = round(share * 100)
    response.headers["x-app-usage"] = f'{{"call_count":{used},"total_time":{used // 2},"total_cputime":{used // 2}}}'
    node = request.path_params.get("node", "")
    item = {"type": "whatsapp", "call_count": used, "total_cputime": used // 2, "total_time": used // 2}
    case = {node: [{**item, "estimated_time_to_regain_access": 0}]}
    response.headers["x-business-use-case-usage"] = orjson.dumps(case).decode()
    response.headers["facebook-api-version"] = request.path_params.get("version", "v26.0")
