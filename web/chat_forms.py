"""The sign-up form inside the chat widget: what it shows, and taking what a visitor agrees to."""

import orjson
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import AppError, Invalid, NotFound, TooManyRequests
from app.core.runtime import Workspace
from channels.contract import ChannelAccount
from inbox import signup_forms, visitors
from inbox.signup_forms import SignupForm
from web import chat_http, forms, join_page, limits
from web.join_page import Typed
from web.state import state_of

_MOST_CHARS = 500


async def look(request: Request) -> Response:
    """`GET /w/form?key=&lang=`: the form that this site's chat shows; 404 where it shows none."""
    try:
        ws, _, form = await _form(request)
        await signup_forms.count(ws, form.id, "shown")
    except AppError as error:
        return chat_http.answered(request, chat_http.refusal(error))
    language, words, phrases = join_page.spoken(request, form)
    settings = form.settings
    shown = {
        "title": words.title,
        "intro": words.intro,
        "agree": words.agree,
        "language": language,
        "name": phrases.name if settings.ask_name else "",
        "phone": phrases.phone,
        "age": phrases.age.format(age=settings.minimum_age) if settings.minimum_age else "",
        "send": phrases.send,
        "fine": [[label, to] for label, to in join_page.fine_print(settings, phrases)],
    }
    return chat_http.answered(request, Response(orjson.dumps(shown), media_type="application/json"))


async def take(request: Request) -> Response:
    """`POST /w/join?key=&v=&lang=`, a form as browsers send it: what was typed, and the page that it was typed on."""
    try:
        said = await _taken(request)
    except AppError as error:
        return chat_http.answered(request, chat_http.refusal(error))
    return chat_http.answered(request, Response(orjson.dumps(said), media_type="application/json"))


async def _taken(request: Request) -> dict[str, object]:
    ws, account, form = await _form(request)
    values = {name: given[0][:_MOST_CHARS] for name, given in (await forms.read(request)).items()}
    session = visitors.marked(ws, account.id, request.query_params.get("v", ""))
    if session is None:
        raise Invalid("This chat has ended; open it again.")
    ip = request.client.host if request.client else ""
    language, words, phrases = join_page.spoken(request, form)
    if wait := await limits.take(ws.redis, join_page.allowance(form, ip, values.get("phone", ""))):
        raise TooManyRequests(phrases.often, retry_after_seconds=wait)
    typed = Typed(values=values, language=language, page=values.get("page", ""), ip=ip, source=signup_forms.IN_CHAT)
    wrong, links = await join_page.settle(request, ws, form, typed, more={"visitor": session, "chat": account.name})
    if wrong:
        raise Invalid(wrong)
    asked = form.settings.double and await join_page.asks_by_text(ws, form)
    more = phrases.confirm if links else phrases.answer if asked else ""
    return {
        "thanks": " ".join(filter(None, (words.thanks, more))),
        "links": [[phrases.open_in.format(app=join_page.app_name(link)), link.url] for link in links],
    }


async def _form(request: Request) -> tuple[Workspace, ChannelAccount, SignupForm]:
    """Raises NotFound, Forbidden."""
    account = await chat_http.site_of_request(request)
    ws = state_of(request.scope)["runtime"].workspace(account.workspace_id)
    form = await signup_forms.in_chat(ws, account.id)
    if form is None:
        raise NotFound("This chat has no form.")
    return ws, account, form
