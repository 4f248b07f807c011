"""/healthz (the process answers), /readyz (its databases answer too), /metrics (Prometheus)."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import orjson
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from app.core.runtime import Runtime

READY_SECONDS = 2

_REQUESTS = Counter("parley_http_requests_total", "Answered HTTP requests.", ("method", "route", "status"))
_SECONDS = Histogram(
    "parley_http_request_seconds",
    "Time to answer.",
    ("route",),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

# Looking a label set up costs more than counting; there are few sets, so each is looked up once.
_counters: dict[tuple[str, str, int], Counter] = {}
_histograms: dict[str, Histogram] = {}


def route_of(scope: Scope) -> str:
    """The template of the route (`/api/v1/members/{member_id}`), never the path: paths hold ids and are endless."""
    route = scope.get("route")
    return getattr(route, "path", None) or "unmatched"


def observe(scope: Scope, status: int, seconds: float) -> None:
    route = route_of(scope)
    method = scope["method"] if scope["method"] in _METHODS else "OTHER"
    key = (method, route, status)
    counter = _counters.get(key)
    if counter is None:
        counter = _counters[key] = _REQUESTS.labels(method, route, status)
    histogram = _histograms.get(route)
    if histogram is None:
        histogram = _histograms[route] = _SECONDS.labels(route)
    counter.inc()
    histogram.observe(seconds)


async def healthz(request: Request) -> Response:
    return Response(b'{"ok":true}', media_type="application/json")


async def readyz(request: Request) -> Response:
    runtime: Runtime = request.state.runtime
    mongo, redis = await asyncio.gather(_answers(_ping_mongo(runtime)), _answers(_ping_redis(runtime)))
    ready = mongo and redis
    body = orjson.dumps({"ready": ready, "mongo": mongo, "redis": redis})
    return Response(body, 200 if ready else 503, media_type="application/json")


async def metrics(request: Request) -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _ping_mongo(runtime: Runtime) -> None:
    await runtime.client.admin.command("ping")


async def _ping_redis(runtime: Runtime) -> None:
    await runtime.redis.ping()


async def _answers(ping: Coroutine[Any, Any, None]) -> bool:
    try:
        async with asyncio.timeout(READY_SECONDS):
            await ping
    except Exception:
        # Whatever the reason: what does not answer is not ready.
        return False
    return True
