"""What the widget asks over HTTP, from other sites' pages: how it should look, and to take a file."""

import orjson
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import AppError, Forbidden, NotFound, SignedOut, TooManyRequests, UnsupportedMedia
from channels.contract import ChannelAccount
from channels.livechat import site
from inbox import files, visitors
from inbox.files import StoredFile
from inbox.help import articles, finding, help_centre, languages, listening
from web import chat_limits, errors, limits
from web.chat_socket import Refused, greetings_of, may_run, site_of
from web.files import read_part
from web.state import state_of

# By what the bytes are, never by their name.
ALLOWED = frozenset(
    (
        *(
            "image/jpeg",
            "image/png",
            "image/gif",
            "image/webp",
            "image/heic",
            "application/pdf",
            "text/plain",
            "text/csv",
        ),
        *("audio/ogg", "audio/mpeg", "audio/mp4", "audio/aac", "audio/amr", "audio/wav", "audio/x-wav", "audio/m4a"),
        *("audio/webm", "video/mp4", "video/webm", "video/quicktime", "video/3gpp"),
        *("application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint"),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        *("application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.spreadsheet"),
    )
)
_MOST_HITS = 5
_MOST_SOUGHT_CHARS = 200
_PREFLIGHT = {
    "access-control-allow-methods": "POST",
    "access-control-allow-headers": "x-visitor-token",
    "access-control-max-age": "7200",
}


async def look(request: Request) -> Response:
    """`GET /w/site?key=`: how the button looks on a page whose visitor has not opened the chat yet."""
    try:
        account = await site_of_request(request)
        ws = state_of(request.scope)["runtime"].workspace(account.workspace_id)
        greetings = await greetings_of(ws, account)
    except AppError as error:
        return answered(request, refusal(error))
    shown = {**site.shown(account), "greetings": greetings}
    response = Response(orjson.dumps(shown), media_type="application/json")
    response.headers["cache-control"] = "public, max-age=60"
    return answered(request, response)


async def find(request: Request) -> Response:
    """`GET /w/help?key=&q=&lang=`: articles of the help centre, for a visitor who would rather read than ask."""
    try:
        account = await site_of_request(request)
        ws = state_of(request.scope)["runtime"].workspace(account.workspace_id)
        ip = request.client.host if request.client else "local"
        if wait := await limits.take(ws.redis, chat_limits.searches(ip)):
            raise TooManyRequests("Those were many questions. Please wait a while.", retry_after_seconds=wait)
        centre = await help_centre.get(ws)
        if not centre.open:
            raise NotFound("There is no help centre.")
        query = request.query_params
        language = languages.best(query.get("lang", "")[:20], centre.languages)
        sought = query.get("q", "")[:_MOST_SOUGHT_CHARS]
        hits = await finding.find(ws, sought, shelves=finding.PUBLIC, language=language, limit=_MOST_HITS)
        if not hits:
            await listening.missed(ws, sought, language)
    except AppError as error:
        return answered(request, refusal(error))
    url = help_centre.url(ws, centre)
    items = [
        {"title": hit.text.title, "text": hit.excerpt.text, "url": articles.url(url, hit.article, hit.text)}
        for hit in hits
    ]
    return answered(request, Response(orjson.dumps({"items": items}), media_type="application/json"))


async def upload(request: Request) -> Response:
    """
    `POST /w/uploads?key=`: a file for the visitor's next message. The header X-Visitor-Token names the visitor; the
    body is multipart, with one part named `file`.
    """
    try:
        account = await site_of_request(request)
        if request.method == "OPTIONS":
            return answered(request, Response(status_code=204, headers=_PREFLIGHT))
        stored = await _take(request, account)
    except AppError as error:
        return answered(request, refusal(error))
    return answered(request, Response(orjson.dumps(_shown(stored)), 201, media_type="application/json"))


async def site_of_request(request: Request) -> ChannelAccount:
    """Raises NotFound, Forbidden."""
    state = state_of(request.scope)
    try:
        account = await site_of(state, request.query_params.get("key", ""))
    except Refused:
        raise NotFound("There is no such site.") from None
    # Browsers send no Origin with a GET of their own site's page; what a GET shows is no secret.
    says_where = "origin" in request.headers or request.method != "GET"
    if says_where and not may_run(state, account, dict(request.scope["headers"])):
        raise Forbidden("The widget may not run on this site.", code="wrong_origin")
    return account


async def _take(request: Request, account: ChannelAccount) -> StoredFile:
    """Raises SignedOut, TooManyRequests, UnsupportedMedia, TooLarge, Invalid."""
    ws = state_of(request.scope)["runtime"].workspace(account.workspace_id)
    visitor = await visitors.by_token(ws, account.id, request.headers.get("x-visitor-token"))
    if visitor is None:
        raise SignedOut("This chat has ended; open it again.")
    ip = request.client.host if request.client else "local"
    if wait := await limits.take(ws.redis, chat_limits.uploads(visitor.session, ip)):
        raise TooManyRequests("That were many files. Please wait a while.", retry_after_seconds=wait)
    data, name, claimed = await read_part(request)
    if files.sniff(data, claimed, name) not in ALLOWED:
        raise UnsupportedMedia("Pictures, sounds, films, PDF and office files can be sent here.")
    most = chat_limits.MAX_UPLOAD_BYTES
    until = ws.clock.now() + files.UNUSED_FOR
    return await files.upload(
        ws, data, name=name, claimed_mime=claimed, owner=visitor.session, max_bytes=most, unused_until=until
    )


def answered(request: Request, response: Response) -> Response:
    """With what a browser needs to hand the answer to a page of another site. No cookie is ever involved."""
    response.headers["access-control-allow-origin"] = request.headers.get("origin", "*")
    response.headers["vary"] = "origin"
    response.headers["cross-origin-resource-policy"] = "cross-origin"
    return response


def _shown(file: StoredFile) -> dict[str, object]:
    return {
        "upload_id": file.id,
        "name": file.name,
        "mime": file.mime,
        "bytes": file.bytes,
        "kind": files.kind_of(file.mime),
    }


def refusal(error: AppError) -> Response:
    status, body, headers = errors.of_app_error(error)
    response = Response(body, status, media_type=errors.CONTENT_TYPE)
    response.raw_headers += headers
    return response
