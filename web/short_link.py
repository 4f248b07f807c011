"""`/l/{code}`: leads on to where a link of a mailing goes. Nothing is said to a search engine, and nothing is kept."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from app.core.mongo import DatabaseError
from inbox import links
from inbox.links import Opened
from web.state import state_of

_HEADERS = {"cache-control": "no-store", "x-robots-tag": "noindex, nofollow", "referrer-policy": "no-referrer"}


async def follow(request: Request) -> Response:
    runtime = state_of(request.scope)["runtime"]
    headers = {name.lower(): value for name, value in request.headers.items()}
    asked = Opened(request.method, headers, request.client.host if request.client else "")
    try:
        found = await links.opened(runtime, request.path_params["code"], asked)
    except DatabaseError:
        words = "This link cannot be followed at the moment. Please try again in a minute."
        return PlainTextResponse(words, 503, {**_HEADERS, "retry-after": "30"})
    if found is None:
        words = "This link is not complete. Please open it again from your messages."
        return PlainTextResponse(words, 404, _HEADERS)
    url, _ = found
    return RedirectResponse(url, 302, _HEADERS)
