"""Every URL of the web process, on one page. Routes are tried in this order, so what is hot comes first."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from web import health, openapi, pages
from web.api import audit, invitations, me, members, sign_in, tokens
from web.api.endpoint import PREFIX, Endpoint, routes_of

# The REST API; each module ends in its list.
API: tuple[Endpoint, ...] = (
    *sign_in.ENDPOINTS,
    *me.ENDPOINTS,
    *members.ENDPOINTS,
    *invitations.ENDPOINTS,
    *tokens.ENDPOINTS,
    *audit.ENDPOINTS,
)

_document: list[bytes] = []


async def _openapi(request: Request) -> Response:
    if not _document:
        _document.append(openapi.document(API))
    return Response(_document[0], media_type="application/json")


def table() -> list[BaseRoute]:
    return [
        *routes_of(API),
        Route(f"{PREFIX}/openapi.json", _openapi),
        Route("/healthz", health.healthz),
        Route("/readyz", health.readyz),
        Route("/metrics", health.metrics),
        Route("/widget.js", pages.widget),
        Route("/assets/{path:path}", pages.asset),
    ]
