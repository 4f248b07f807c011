"""Greetings of the chat widget: whether one may be shown now, and that it was opened."""

from contextlib import suppress
from typing import Annotated

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from app.core.addresses import Address
from app.core.errors import AppError, Invalid, TooLarge, TooManyRequests
from app.core.runtime import Workspace
from automations import greetings
from channels.contract import ChannelAccount
from channels.livechat.identity import IdentityRefused
from inbox import visitors
from web import chat_http, chat_limits, limits
from web.chat_socket import person_of
from web.state import state_of

_MOST_BYTES = 20_000


class Asked(BaseModel):
    """Either `id`, with who asks as far as the browser knows; or the `mark` of the one that was opened."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: Annotated[str, Field(max_length=100)] = ""
    token: Annotated[str, Field(max_length=100)] | None = None
    identity: str | dict[str, str] | None = None
    lang: Annotated[str, Field(max_length=35)] = ""
    mark: Annotated[str, Field(max_length=8_000)] = ""


async def greet(request: Request) -> Response:
    """`POST /w/greet?key=`: the words of a greeting with their mark, or 204: not now."""
    try:
        said = await _answer(request)
    except AppError as error:
        return chat_http.answered(request, chat_http.refusal(error))
    if said is None:
        return chat_http.answered(request, Response(status_code=204))
    return chat_http.answered(request, Response(orjson.dumps(said), media_type="application/json"))


async def _answer(request: Request) -> dict[str, object] | None:
    account = await chat_http.site_of_request(request)
    ws = state_of(request.scope)["runtime"].workspace(account.workspace_id)
    ip = request.client.host if request.client else "local"
    if wait := await limits.take(ws.redis, chat_limits.greetings(ip)):
        raise TooManyRequests("Please wait a while.", retry_after_seconds=wait)
    body = await request.body()
    if len(body) > _MOST_BYTES:
        raise TooLarge("This is more than a greeting asks for.")
    try:
        asked = Asked.model_validate_json(body)
    except ValidationError:
        raise Invalid("This asks for no greeting.") from None
    if asked.mark:
        if said := greetings.marked(ws, account.id, asked.mark):
            await greetings.count(ws, said.greeting, "opened")
        return None
    addresses = await _addresses(ws, account, asked)
    return await greetings.show(ws, account.id, asked.id, addresses=addresses, language=asked.lang)


async def _addresses(ws: Workspace, account: ChannelAccount, asked: Asked) -> tuple[str, ...]:
    """Whose greeting it is: by the token of their chat, and by what the site has signed, if it has."""
    known = await visitors.by_token(ws, account.id, asked.token)
    addresses = known.addresses if known else ()
    with suppress(IdentityRefused):
        if asked.identity is not None and (person := person_of(account, asked.identity, ws.clock.now())):
            addresses += (str(Address(account.kind, visitors.signed(person))),)
    return tuple(dict.fromkeys(addresses))
