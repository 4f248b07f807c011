"""The Content API: templates by name, their approval, and their text with variables put in."""

from __future__ import annotations

import re

import orjson
from starlette.requests import Request
from starlette.responses import Response

from sandbox.accounts import TwilioAccount
from sandbox.faults import world_of
from sandbox.shapes import Json, JsonResponse, load_object
from sandbox.twilio.auth import authorised
from sandbox.twilio.errors import TwilioError
from sandbox.world import World, token_hex

KIND = "twilio_content"
_VARIABLE = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
_MAX_VARIABLES = 100


def render(world: World, account: TwilioAccount, content_sid: str, variables: str) -> str:
    """The text of a template for an SMS; 21655 and 21656 when it does not exist or does not fit."""
    found = world.fact(KIND, f"{account.id}:{content_sid}")
    if found is None:
        raise TwilioError(21655, f"The ContentSid {content_sid} is Invalid")
    given: Json = {}
    if variables:
        decoded = load_object(variables.encode())
        if decoded is None or not all(isinstance(value, str) for value in decoded.values()):
            raise TwilioError(21656)
        given = decoded
    values = {**(found.get("variables") or {}), **given}
    body = next((str(kind["body"]) for kind in found["types"].values() if isinstance(kind.get("body"), str)), "")
    return _VARIABLE.sub(lambda match: str(values.get(match.group(1), match.group(0))), body)


def _shown(found: Json) -> Json:
    base = f"https://content.twilio.com/v1/Content/{found['sid']}"
    return {
        **{key: value for key, value in found.items() if key != "approval"},
        "url": base,
        "links": {"approval_fetch": f"{base}/ApprovalRequests", "approval_create": f"{base}/ApprovalRequests/whatsapp"},
    }


def _find(request: Request) -> tuple[World, TwilioAccount, Json]:
    world, account = world_of(request), authorised(request)
    sid = request.path_params["sid"]
    found = world.fact(KIND, f"{account.id}:{sid}")
    if found is None:
        raise TwilioError(20404, f"The requested resource /v1/Content/{sid} was not found")
    return world, account, found


async def collection(request: Request) -> JsonResponse:
    """GET and POST /v1/Content"""
    world, account = world_of(request), authorised(request)
    if request.method == "GET":
        return _page(request, world, account, approvals=False)
    data = load_object(await request.body())
    types = data.get("types") if data else None
    if data is None or not isinstance(types, dict) or not types:
        raise TwilioError(20001, "types is required")
    if len(set(_VARIABLE.findall(orjson.dumps(types).decode()))) > _MAX_VARIABLES:
        raise TwilioError(20001, "A template has at most 100 variables")
    found: Json = {
        "sid": "HX" + token_hex(32),
        "account_sid": account.id,
        "friendly_name": str(data.get("friendly_name", "")),
        "language": str(data.get("language", "en")),
        "variables": data.get("variables") or {},
        "types": types,
        "date_created": "2026-11-21T12:00:00Z",
        "date_updated": "2026-11-21T12:00:00Z",
        "approval": {"status": "unsubmitted", "rejection_reason": "", "name": "", "category": ""},
    }
    world.put_fact(KIND, f"{account.id}:{found['sid']}", found)
    return JsonResponse(_shown(found), status_code=201)


async def with_approvals(request: Request) -> JsonResponse:
    """GET /v1/ContentAndApprovals"""
    return _page(request, world_of(request), authorised(request), approvals=True)


def _page(request: Request, world: World, account: TwilioAccount, *, approvals: bool) -> JsonResponse:
    mine = [value for key, value in world.facts.get(KIND, {}).items() if key.startswith(f"{account.id}:")]
    query = request.query_params
    size = max(1, min(1000, int(query["PageSize"]))) if query.get("PageSize", "").isdigit() else 50
    number = int(query["Page"]) if query.get("Page", "").isdigit() else 0
    page = mine[number * size : (number + 1) * size]
    more = len(mine) > (number + 1) * size
    following = str(request.url.include_query_params(Page=number + 1, PageSize=size)) if more else None
    shown = [{**_shown(item), **({"approval_requests": item["approval"]} if approvals else {})} for item in page]
    meta = {"page": number, "page_size": size, "next_page_url": following, "key": "contents", "url": str(request.url)}
    return JsonResponse({"contents": shown, "meta": meta})


async def one(request: Request) -> Response:
    """GET and DELETE /v1/Content/{HX}"""
    world, account, found = _find(request)
    if request.method == "DELETE":
        world.put_fact(KIND, f"{account.id}:{found['sid']}", None)
        return Response(status_code=204)
    return JsonResponse(_shown(found))


async def approval(request: Request) -> JsonResponse:
    """GET /v1/Content/{HX}/ApprovalRequests and POST …/ApprovalRequests/whatsapp, which is approved at once."""
    world, account, found = _find(request)
    if request.method == "POST":
        data = load_object(await request.body()) or {}
        if not isinstance(data.get("name"), str) or data.get("category") not in (
            "UTILITY",
            "MARKETING",
            "AUTHENTICATION",
        ):
            raise TwilioError(20001, "name and category are required")
        decided = {"status": "approved", "rejection_reason": "", "name": data["name"], "category": data["category"]}
        found = {**found, "approval": decided}
        world.put_fact(KIND, f"{account.id}:{found['sid']}", found)
        return JsonResponse(
            {**decided, "status": "received", "content_type": next(iter(found["types"]))}, status_code=201
        )
    return JsonResponse({"sid": found["sid"], "account_sid": account.id, "whatsapp": found["approval"]})
