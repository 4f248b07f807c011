"""`POST /w/uploads`: a visitor's file, to be sent with their next message. Called by the widget from other sites."""

import orjson
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import AppError, Forbidden, NotFound, SignedOut, TooManyRequests, UnsupportedMedia
from inbox import files, visitors
from inbox.files import StoredFile
from web import chat_limits, errors
from web.chat_socket import Refused, may_run, site_of
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
_PREFLIGHT_SECONDS = "7200"


async def upload(request: Request) -> Response:
    """`?key=` names the site, the header X-Visitor-Token the visitor; multipart, one part named `file`."""
    state, headers = state_of(request.scope), dict(request.scope["headers"])
    try:
        account = await site_of(state, request.query_params.get("key", ""))
        allowed = may_run(state, account, headers)
    except Refused:
        return _refusal(NotFound("There is no such site."))
    if not allowed:
        return _refusal(Forbidden("The widget may not run on this site.", code="wrong_origin"))
    if request.method == "OPTIONS":
        response = Response(status_code=204)
        response.headers["access-control-allow-methods"] = "POST"
        response.headers["access-control-allow-headers"] = "x-visitor-token"
        response.headers["access-control-max-age"] = _PREFLIGHT_SECONDS
    else:
        ws = state["runtime"].workspace(account.workspace_id)
        try:
            visitor = await visitors.by_token(ws, account.id, request.headers.get("x-visitor-token"))
            if visitor is None:
                raise SignedOut("This chat has ended; open it again.")
            ip = request.client.host if request.client else "local"
            if wait := await chat_limits.take(ws.redis, chat_limits.uploads(visitor.session, ip)):
                raise TooManyRequests("That were many files. Please wait a while.", retry_after_seconds=wait)
            data, name, claimed = await read_part(request)
            if files.sniff(data, claimed, name) not in ALLOWED:
                raise UnsupportedMedia("Pictures, sounds, films, PDF and office files can be sent here.")
            stored = await files.upload(
                ws, data, name=name, claimed_mime=claimed, owner=visitor.session, max_bytes=chat_limits.MAX_UPLOAD_BYTES
            )
            response = Response(orjson.dumps(_shown(stored)), 201, media_type="application/json")
        except AppError as error:
            response = _refusal(error)
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


def _refusal(error: AppError) -> Response:
    status, body, headers = errors.of_app_error(error)
    response = Response(body, status, media_type=errors.CONTENT_TYPE)
    response.raw_headers += headers
    return response
