"""Twilio's routes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.twilio import content, errors, messages, resources, statuses
from sandbox.twilio.auth import authorised
from sandbox.world import World

_ACCOUNT = "/2010-04-01/Accounts/{account}"


async def missing(request: Request) -> Response:
    """Anything else, for whoever is allowed in."""
    authorised(request)
    raise errors.TwilioError(20404, f"The requested resource {request.url.path} was not found")


API: list[BaseRoute] = [
    Route(f"{_ACCOUNT}/Messages.json", messages.collection, methods=["GET", "POST"]),
    Route(f"{_ACCOUNT}/Messages/{{sid}}.json", messages.one, methods=["GET", "POST", "DELETE"]),
    Route(f"{_ACCOUNT}/Messages/{{sid}}/Media.json", resources.media_list, methods=["GET"]),
    Route(f"{_ACCOUNT}/Messages/{{sid}}/Media/{{media}}.json", resources.media_file, methods=["DELETE"]),
    Route(f"{_ACCOUNT}/Messages/{{sid}}/Media/{{media}}", resources.media_file, methods=["GET", "DELETE"]),
    Route("/2010-04-01/Accounts/{account}.json", resources.account, methods=["GET"]),
    Route(f"{_ACCOUNT}/IncomingPhoneNumbers.json", resources.numbers, methods=["GET"]),
    Route(f"{_ACCOUNT}/IncomingPhoneNumbers/{{sid}}.json", resources.number, methods=["GET", "POST"]),
    Route("/v1/Services", resources.services, methods=["GET"]),
    Route("/v1/Services/{sid}", resources.service, methods=["GET", "POST"]),
    Route("/media/{account}/{media}", resources.stored, methods=["GET"]),
    Route("/{path:path}", missing, methods=["GET", "POST", "DELETE"]),
]

CONTENT: list[BaseRoute] = [
    Route("/Content", content.collection, methods=["GET", "POST"]),
    Route("/ContentAndApprovals", content.with_approvals, methods=["GET"]),
    Route("/Content/{sid}", content.one, methods=["GET", "DELETE"]),
    Route("/Content/{sid}/ApprovalRequests", content.approval, methods=["GET"]),
    Route("/Content/{sid}/ApprovalRequests/whatsapp", content.approval, methods=["POST"]),
]

HANDLERS: dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = {
    errors.TwilioError: errors.answer
}


def resume(world: World) -> None:
    """Go on after a restart."""
    statuses.resume(world)
