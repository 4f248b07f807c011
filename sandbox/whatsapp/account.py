"""The number itself: what Graph tells about it, subscriptions and their challenge, the token, blocked users."""

from __future__ import annotations

import time

from starlette.requests import Request
from starlette.responses import Response

from sandbox.accounts import WhatsAppNumber
from sandbox.faults import world_of
from sandbox.shapes import Json, JsonResponse, load_object
from sandbox.whatsapp import files, hooks, statuses, templates
from sandbox.whatsapp.auth import authorised_number, authorised_waba, numbers_of_token, product, token_of
from sandbox.whatsapp.errors import GraphError, bad_parameter, missing
from sandbox.world import World

_NUMBER_FIELDS = ("verified_name", "display_phone_number", "quality_rating", "platform_type", "throughput", "id")
_SCOPES = ["whatsapp_business_management", "whatsapp_business_messaging", "public_profile"]


async def node(request: Request) -> Response:
    """GET, POST, DELETE /{version}/{node}: Graph tells the kinds of things apart by their id, and so does this."""
    world = world_of(request)
    name = request.path_params["node"]
    if name == "debug_token":
        return _debug_token(world, request)
    numbers = numbers_of_token(world, request)
    for number in numbers:
        if name == number.id:
            return await _number(world, request, number)
        if name == number.waba_id:
            owner = {"id": number.business_id, "name": number.verified_name}
            named = {"name": number.verified_name, "owner_business_info": owner}
            return JsonResponse({"id": name, "currency": "USD", "timezone_id": "1", **named})
        if name == number.app_id:
            return JsonResponse({"id": name, "name": "Sandbox app"})
    if name == "me":
        return JsonResponse({"id": "900000000000001", "name": "Sandbox system user"})
    if name.startswith("upload:"):
        return await files.finish_upload(request)
    if world.media.get(name) is not None:
        return await files.meta(request, world, name)
    return await templates.one(request, world, name)


def number_json(number: WhatsAppNumber, fields: str = "") -> Json:
    """The number as Graph shows it; without `fields` the usual few."""
    high = number.messages_per_second >= 1000
    full: Json = {
        "id": number.id,
        "verified_name": number.verified_name,
        "display_phone_number": number.display_phone_number,
        "quality_rating": number.quality_rating,
        "platform_type": "CLOUD_API",
        "throughput": {"level": "HIGH" if high else "STANDARD"},
        "status": "CONNECTED",
        "name_status": "APPROVED",
        "code_verification_status": "VERIFIED",
        "account_mode": "LIVE",
        "whatsapp_business_manager_messaging_limit": number.messaging_limit,
        "messaging_limit_tier": number.messaging_limit,
        "webhook_configuration": {"application": number.webhook_url},
        "is_official_business_account": False,
    }
    wanted = [name.strip() for name in fields.split(",") if name.strip()] or list(_NUMBER_FIELDS)
    unknown = [name for name in wanted if name not in full]
    if unknown:
        raise bad_parameter(
            f"Tried accessing nonexisting field ({unknown[0]}) on node type (WhatsAppBusinessPhoneNumber)"
        )
    return {name: full[name] for name in [*wanted, "id"]}


async def _number(world: World, request: Request, number: WhatsAppNumber) -> JsonResponse:
    if request.method == "GET":
        return JsonResponse(number_json(number, request.query_params.get("fields", "")))
    data = load_object(await request.body()) or {}
    configuration = data.get("webhook_configuration")
    if not isinstance(configuration, dict):
        raise missing("webhook_configuration")
    await _override(world, number, configuration)
    return JsonResponse({"success": True})


async def phone_numbers(request: Request) -> JsonResponse:
    """GET /{version}/{waba_id}/phone_numbers"""
    world = world_of(request)
    waba_id = authorised_waba(world, request)
    found = [number for number in numbers_of_token(world, request) if number.waba_id == waba_id]
    return JsonResponse({"data": [number_json(item, request.query_params.get("fields", "")) for item in found]})


async def subscribed_apps(request: Request) -> JsonResponse:
    """
    GET, POST, DELETE /{version}/{waba_id}/subscribed_apps; POST may carry an override callback, which is
    challenged.
    """
    world = world_of(request)
    waba_id = authorised_waba(world, request)
    numbers = [number for number in numbers_of_token(world, request) if number.waba_id == waba_id]
    if request.method == "GET":
        app: Json = {"whatsapp_business_api_data": {"id": numbers[0].app_id, "name": "Sandbox app", "link": ""}}
        if numbers[0].webhook_url:
            app["override_callback_uri"] = numbers[0].webhook_url
        return JsonResponse({"data": [app] if numbers[0].subscribed else []})
    data = load_object(await request.body()) or dict(request.query_params)
    for number in numbers:
        if request.method == "POST" and data.get("override_callback_uri"):
            await _override(world, number, data)
        number.subscribed = request.method == "POST"
        world.put_account("whatsapp", number)
    return JsonResponse({"success": True})


async def _override(world: World, number: WhatsAppNumber, data: Json) -> None:
    """Take over a callback URL after it answered the challenge; an empty one removes it."""
    url, verify_token = data.get("override_callback_uri"), data.get("verify_token")
    if not isinstance(url, str):
        raise missing("override_callback_uri")
    if url:
        if not isinstance(verify_token, str) or not verify_token:
            raise missing("verify_token")
        verified, status, problem = await hooks.verify(world, url, verify_token)
        if not verified:
            raise GraphError(
                2200,
                f"The URL couldn't be validated. {problem}",
                f"(#2200) Callback verification failed: HTTP Status Code = {status}; {problem}",
            )
        number.verify_token = verify_token
    number.webhook_url = url
    world.put_account("whatsapp", number)


async def subscriptions(request: Request) -> JsonResponse:
    """POST and GET /{version}/{app_id}/subscriptions with the app's own token (`app_id|app_secret`)."""
    world = world_of(request)
    app_id = request.path_params["node"]
    app_token = token_of(request)
    numbers = [
        number
        for number in world.accounts_of(WhatsAppNumber)
        if number.app_id == app_id and app_token == f"{app_id}|{number.app_secret}"
    ]
    if not numbers:
        raise GraphError(15, "This method must be called with an app access_token.", "(#15) Requires app access token")
    if request.method == "GET":
        shown = {"object": "whatsapp_business_account", "callback_url": numbers[0].webhook_url, "active": True}
        return JsonResponse({"data": [shown] if numbers[0].webhook_url else []})
    form = load_object(await request.body())
    if form is None:
        form = {**dict(request.query_params), **{key: str(value) for key, value in (await request.form()).items()}}
    if form.get("object") != "whatsapp_business_account":
        raise missing("object")
    for number in numbers:
        await _override(world, number, {**form, "override_callback_uri": form.get("callback_url")})
    return JsonResponse({"success": True})


def _debug_token(world: World, request: Request) -> JsonResponse:
    """GET /{version}/debug_token?input_token=…: by an app token or any valid token."""
    wanted = request.query_params.get("input_token", "")
    caller = token_of(request)
    numbers = world.accounts_of(WhatsAppNumber)
    known = {number.access_token for number in numbers} | {f"{n.app_id}|{n.app_secret}" for n in numbers}
    if caller not in known:
        raise GraphError(190, "Invalid token", "Invalid OAuth access token - Cannot parse access token", status=401)
    if not wanted:
        raise missing("input_token")
    owned = [number for number in numbers if number.access_token == wanted]
    if not owned:
        problem = {"code": 190, "message": "Invalid OAuth access token - Cannot parse access token"}
        return JsonResponse({"data": {"error": problem, "is_valid": False, "scopes": []}})
    expires = owned[0].token_expires_at
    wabas = sorted({number.waba_id for number in owned})
    return JsonResponse(
        {
            "data": {
                "app_id": owned[0].app_id,
                "type": "SYSTEM_USER",
                "application": "Sandbox app",
                "data_access_expires_at": 0,
                "expires_at": expires,
                "is_valid": not expires or expires > world.clock.now(),
                "issued_at": int(time.time()) - 86_400,
                "scopes": _SCOPES,
                "granular_scopes": [{"scope": scope, "target_ids": wabas} for scope in _SCOPES[:2]],
                "user_id": "900000000000001",
            }
        }
    )


async def block_users(request: Request) -> JsonResponse:
    """
    GET, POST, DELETE /{version}/{phone_number_id}/block_users; only users who wrote in the last 24 h can be
    blocked.
    """
    world = world_of(request)
    number = authorised_number(world, request)
    if request.method == "GET":
        people = [world.customers.get(customer_id) for customer_id in number.blocked]
        return JsonResponse(
            {"data": [{"messaging_product": "whatsapp", "wa_id": person.wa_id} for person in people if person]}
        )
    data = load_object(await request.body()) or {}
    product(data)
    wanted = data.get("block_users")
    if not isinstance(wanted, list) or not wanted:
        raise missing("block_users")
    done: list[Json] = []
    failed: list[Json] = []
    for item in wanted:
        user = str(item.get("user", item.get("user_id", ""))) if isinstance(item, dict) else ""
        person = world.customers.by_phone(user) if user[:1] in "+0123456789" else world.customers.by_bsuid(user)
        if person is None:
            failed.append({"input": user, "errors": [{"message": "Invalid user", "code": 139102}]})
            continue
        if request.method == "POST":
            if not statuses.window_open(world, number.id, person.id):
                reason = {"message": "Re-engagement needed", "code": 139101, "error_data": {"details": "Not active"}}
                failed.append({"input": user, "wa_id": person.wa_id, "errors": [reason]})
                continue
            if person.id not in number.blocked:
                number.blocked.append(person.id)
        elif person.id in number.blocked:
            number.blocked.remove(person.id)
        done.append({"input": user, "wa_id": person.wa_id, "user_id": person.bsuid})
    world.put_account("whatsapp", number)
    verb = "added" if request.method == "POST" else "removed"
    answer: Json = {"messaging_product": "whatsapp", "block_users": {f"{verb}_users": done}}
    if failed:
        answer["block_users"]["failed_users"] = failed
        answer["error"] = GraphError(139100).envelope()["error"]
        return JsonResponse(answer, status_code=400)
    return JsonResponse(answer)


async def contact_book(request: Request) -> JsonResponse:
    """DELETE /{version}/{phone_number_id}/contact_book?bsuid=…"""
    world = world_of(request)
    authorised_number(world, request)
    query = request.query_params
    if query.get("messaging_product") != "whatsapp":
        raise missing("messaging_product")
    found = world.customers.by_bsuid(query.get("bsuid", "")) is not None
    return JsonResponse({"messaging_product": "whatsapp", "success": True, "deleted": found})


async def unknown(request: Request) -> Response:
    """Any other edge."""
    numbers_of_token(world_of(request), request)
    path = request.path_params.get("edge", "")
    raise GraphError(2500, message=f"Unknown path components: /{path}", details="Unknown path components")
