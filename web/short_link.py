"""`/l/{code}`: leads on to where a link of a mailing goes. Nothing is said to a search engine, and nothing is kept."""

from redis.exceptions import RedisError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from app.core.errors import AppError
from app.core.mongo import DatabaseError
from app.core.runtime import Workspace
from inbox import links
from inbox.links import Click, Opened
from inbox.mailings import mailings
from web.state import state_of

_HEADERS = {"cache-control": "no-store", "x-robots-tag": "noindex, nofollow", "referrer-policy": "no-referrer"}


async def follow(request: Request) -> Response:
    runtime = state_of(request.scope)["runtime"]
    headers = {name.lower(): value for name, value in request.headers.items()}
    asked = Opened(request.method, headers, request.client.host if request.client else "")
    try:
        found = await links.opened(runtime, request.path_params["code"], asked)
        if found is not None and found[2].machine is None:
            await _counted(found[1], found[2])
    except DatabaseError:
        words = "This link cannot be followed at the moment. Please try again in a minute."
        return PlainTextResponse(words, 503, {**_HEADERS, "retry-after": "30"})
    if found is None:
        words = "This link is not complete. Please open it again from your messages."
        return PlainTextResponse(words, 404, _HEADERS)
    return RedirectResponse(found[0], 302, _HEADERS)


async def _counted(ws: Workspace, click: Click) -> None:
    """The mailing learns of it; what fails there keeps nobody from where they want to go."""
    try:
        await mailings.clicked(ws, click.mailing_id, click.recipient, click.number, click.at)
    except (DatabaseError, RedisError, AppError) as error:
        ws.log.warning("click_not_counted", click_id=click.id, error=type(error).__name__)
