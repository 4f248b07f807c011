"""Files of messages: uploads from agents, and `/files/<id>` for screens (by session) and providers (by signed link)."""

from urllib.parse import parse_qs, quote

import orjson
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import AppError, Invalid, NotFound
from app.core.permissions import Permission
from app.core.runtime import Workspace
from inbox import access, files
from inbox.answering import voice
from inbox.files import StoredFile
from web import auth, errors
from web.api.inbox_shapes import FileShape
from web.state import state_of

_DAY = 86_400


async def upload(request: Request) -> Response:
    """`POST /api/v1/files`, multipart, one part named `file` → 201 File."""
    state, headers = state_of(request.scope), dict(request.scope["headers"])
    try:
        known = await auth.who(headers, state["sessions"])
        if known.principal.session is not None:
            auth.require_intended(headers, known.principal.session, state["runtime"])
        if not known.principal.actor.may(Permission.ARTICLES_MANAGE):
            known.principal.actor.require(Permission.INBOX_REPLY)
        data, name, claimed = await voice.for_channels(*await read_part(request))
        limit = state["runtime"].settings.max_upload_bytes
        owner = known.principal.actor.id
        file = await files.upload(known.ws, data, name=name, claimed_mime=claimed, owner=owner, max_bytes=limit)
    except AppError as error:
        return _refusal(error)
    return Response(orjson.dumps(shown(file)), 201, media_type="application/json")


async def read_part(request: Request) -> tuple[bytes, str, str | None]:
    """The one file of a multipart body: bytes, name, claimed type. Raises Invalid."""
    try:
        parser = MultiPartParser(request.headers, request.stream(), max_files=1, max_fields=10)
        form = await parser.parse()
    except (MultiPartException, KeyError, UnicodeDecodeError, ValueError):
        raise Invalid.field("file", "Send the file as multipart/form-data, in a part named 'file'.") from None
    try:
        part = form.get("file")
        if part is None or isinstance(part, str):
            raise Invalid.field("file", "Send the file as multipart/form-data, in a part named 'file'.")
        return await part.read(), part.filename or "file", part.content_type
    finally:
        await form.close()


def shown(file: StoredFile) -> FileShape:
    return {
        "file_id": file.id,
        "name": file.name,
        "mime": file.mime,
        "bytes": file.bytes,
        "kind": files.kind_of(file.mime),
        "url": f"/files/{file.id}",
        "thumb_url": f"/files/{file.thumbnail_id}" if file.thumbnail_id else None,
        "width": file.width,
        "height": file.height,
    }


async def download(request: Request) -> Response:
    """`GET /files/<id>`: for who is signed in and may read the inbox, or with a signature that has not ended."""
    try:
        ws, file = await _file(request)
        data = await files.read(ws, file.id)
    except AppError as error:
        return _refusal(error)
    inline = file.mime in files.INLINE and "download" not in request.query_params
    disposition = f"{'inline' if inline else 'attachment'}; filename*=UTF-8''{quote(file.name)}"
    headers = {
        "content-disposition": disposition,
        "cache-control": f"private, max-age={_DAY}, immutable",
        # Whatever is in it, it runs nothing and loads nothing.
        "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        "accept-ranges": "bytes",
    }
    if "sig" in request.query_params:
        # The chat widget shows it on other sites' pages.
        headers["cross-origin-resource-policy"] = "cross-origin"
    return _ranged(request, data, file.mime, headers)


async def _file(request: Request) -> tuple[Workspace, StoredFile]:
    """Raises SignedOut, Forbidden, NotFound."""
    state = state_of(request.scope)
    query = parse_qs(request.url.query)
    if "sig" in query:
        ws = state["runtime"].workspace(query.get("w", [""])[0])
        until = query.get("until", [""])[0]
        signed = until.isascii() and until.isdigit() and len(until) < 15
        if not signed or not files.signature_holds(ws, request.path_params["file_id"], int(until), query["sig"][0]):
            raise NotFound("This link has ended.")
        return ws, await files.get(ws, request.path_params["file_id"])
    known = await auth.who(dict(request.scope["headers"]), state["sessions"])
    return known.ws, await access.file(known.ws, known.principal.actor, request.path_params["file_id"])


def _ranged(request: Request, data: bytes, mime: str, headers: dict[str, str]) -> Response:
    """Players ask for parts of a sound or film; one range is answered, anything else gets the whole."""
    asked = request.headers.get("range", "")
    first, dash, last = asked.removeprefix("bytes=").partition("-")
    if not asked.startswith("bytes=") or not dash or "," in asked or not _number(first + last):
        return Response(data, 200, headers, mime)
    start = int(first) if first else max(0, len(data) - int(last))
    end = min(int(last), len(data) - 1) if first and last else len(data) - 1
    if start > end:
        return Response(b"", 416, {**headers, "content-range": f"bytes */{len(data)}"})
    headers["content-range"] = f"bytes {start}-{end}/{len(data)}"
    return Response(data[start : end + 1], 206, headers, mime)


def _number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 30


def _refusal(error: AppError) -> Response:
    status, body, headers = errors.of_app_error(error)
    response = Response(body, status, media_type=errors.CONTENT_TYPE)
    response.raw_headers += headers
    return response
