"""What a visitor gets, settled inside the chat widget: the choices of the preference page, for whoever the chat is."""

from dataclasses import asdict

import orjson
from starlette.requests import Request
from starlette.responses import Response

from app.core.addresses import Address
from app.core.errors import AppError, NotFound, SignedOut, TooManyRequests
from app.core.runtime import Workspace
from channels.contract import ChannelAccount
from channels.livechat.identity import IdentityRefused
from crm import contacts
from inbox import preferences, visitors
from inbox.visitors import Visitor
from web import chat_http, forms, limits, plain_pages, preferences_page
from web.chat_socket import person_of
from web.limits import Limit
from web.preferences_page import PHRASES
from web.state import state_of


async def take(request: Request) -> Response:
    """`POST /w/preferences?key=&lang=`, a form: `token`, `identity`, and, if something was chosen, `chosen` with it."""
    try:
        shown = await _settled(request)
    except AppError as error:
        return chat_http.answered(request, chat_http.refusal(error))
    return chat_http.answered(request, Response(orjson.dumps(shown), media_type="application/json"))


async def _settled(request: Request) -> dict[str, object]:
    account = await chat_http.site_of_request(request)
    ws = state_of(request.scope)["runtime"].workspace(account.workspace_id)
    form = await forms.read(request)
    visitor = await _visitor(ws, account, form)
    homes = await visitors.homes(ws, visitor)
    contact_id = homes.get(str(Address(account.kind, visitor.address))) or next(iter(homes.values()), None)
    if contact_id is None:
        raise NotFound("There is nothing to choose yet.")
    if wait := await limits.take(ws.redis, (Limit("preferences", contact_id, 60, 3_600),)):
        raise TooManyRequests("Those were many changes. Please wait a while.", retry_after_seconds=wait)
    contact = await contacts.get(ws, contact_id)
    known = (request.query_params.get("lang") or contact.language or "")[:2].lower()
    spoken = known if known in PHRASES else plain_pages.language(request, PHRASES)
    # Who is not signed in is shown no more of a contact than this chat.
    among = None if visitor.subject else (account.kind,)
    if form.get("chosen"):
        proof = {
            "page": form.get("page", [""])[0][:500],
            "ip": request.client.host if request.client else "",
            "browser": request.headers.get("user-agent", "")[:300],
            "visitor": visitor.session,
            "chat": account.name,
        }
        await preferences_page.settle(ws, contact_id, form, spoken=spoken, proof=proof, among=among)
    ways = await preferences.channels_of(ws, contact_id)
    theirs = {kind: rows for kind, rows in ways.items() if among is None or kind in among}
    said = PHRASES[spoken].saved if form.get("chosen") else ""
    return {**asdict(await preferences_page.offered(ws, spoken, theirs)), "saved": said}


async def _visitor(ws: Workspace, account: ChannelAccount, form: dict[str, list[str]]) -> Visitor:
    """Whose chat it is, by the rules of the socket. Raises SignedOut, IdentityNeeded."""
    visitor = await visitors.by_token(ws, account.id, form.get("token", [""])[0])
    if visitor is None:
        raise SignedOut("This chat has ended; open it again.")
    if visitor.subject is None:
        return visitor
    given = form.get("identity", [""])[0]
    try:
        proof = orjson.loads(given) if given.startswith("{") else given or None
        person = person_of(account, proof, ws.clock.now())
    except (IdentityRefused, orjson.JSONDecodeError):
        person = None
    if person is None or person.subject != visitor.subject or person.expired_since is not None:
        raise SignedOut("This chat belongs to somebody who is signed in.")
    return visitor
