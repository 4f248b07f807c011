"""
Tables and archives of people as files: uploads that are stored as they come, and downloads that are sent as they are
read.
"""

from collections.abc import AsyncIterator
from urllib.parse import quote

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from app.core.errors import AppError
from app.core.permissions import Permission
from automations import broadcasts
from automations import results as broadcast_results
from crm import exports, imports
from inbox import access
from inbox.erasing import copies
from web import auth, errors
from web.auth import Known
from web.state import state_of


async def upload(request: Request) -> Response:
    """`POST /api/v1/import-files?name=people.csv`, the body being the file itself → 201 {id}."""
    try:
        known = await _known(request, intended=True)
        name = request.query_params.get("name", "contacts.csv")
        made = await imports.begin(known.ws, known.principal.actor, name, request.stream())
    except AppError as error:
        return _refusal(error)
    return Response(orjson.dumps({"id": made.id}), 201, media_type="application/json")


async def results(request: Request) -> Response:
    """`GET /api/v1/imports/<id>/results`: what became of each row, as CSV."""
    try:
        known = await _known(request)
        imports.require(known.principal.actor)
        made = await imports.get(known.ws, request.path_params["import_id"])
    except AppError as error:
        return _refusal(error)
    return _table(imports.results(known.ws, made.id), f"results of {made.name}")


async def exported(request: Request) -> Response:
    """`GET /api/v1/exports/<id>/file`: the table."""
    try:
        known = await _known(request)
        pieces = await exports.file(known.ws, known.principal.actor, request.path_params["export_id"])
    except AppError as error:
        return _refusal(error)
    return _table(pieces, "contacts.csv")


async def of_broadcast(request: Request) -> Response:
    """`GET /api/v1/broadcasts/<id>/table`: everybody in its audience, and what became of them, as CSV."""
    try:
        known = await _known(request, Permission.BROADCASTS_READ)
        now = await broadcasts.get(known.ws, request.path_params["broadcast_id"])
        pieces = await broadcast_results.taken(known.ws, known.principal.actor, now)
    except AppError as error:
        return _refusal(error)
    return _table(pieces, f"{now.plan.name}.csv")


async def copy(request: Request) -> Response:
    """`GET /api/v1/contacts/<id>/copy`: everything that is known of a person, as a zip."""
    try:
        known = await _known(request)
        actor = known.principal.actor
        contact = await access.contact(known.ws, actor, request.path_params["contact_id"])
        pieces = await copies.begin(known.ws, actor, contact)
    except AppError as error:
        return _refusal(error)
    return _file(pieces, f"{contact.name}.zip", "application/zip")


async def _known(
    request: Request, permission: Permission = Permission.CONTACTS_WRITE, *, intended: bool = False
) -> Known:
    """Raises SignedOut, Forbidden."""
    state, headers = state_of(request.scope), dict(request.scope["headers"])
    known = await auth.who(headers, state["sessions"])
    if intended and known.principal.session is not None:
        auth.require_intended(headers, known.principal.session, state["runtime"])
    known.principal.actor.require(permission)
    return known


def _table(pieces: AsyncIterator[bytes], name: str) -> Response:
    return _file(pieces, name, "text/csv; charset=utf-8")


def _file(pieces: AsyncIterator[bytes], name: str, media_type: str) -> Response:
    headers = {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(name)}",
        "cache-control": "private, no-store",
        "x-content-type-options": "nosniff",
    }
    return StreamingResponse(pieces, 200, headers, media_type)


def _refusal(error: AppError) -> Response:
    status, body, headers = errors.of_app_error(error)
    response = Response(body, status, media_type=errors.CONTENT_TYPE)
    response.raw_headers += headers
    return response
