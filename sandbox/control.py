"""
The sandbox's own API under /_sandbox: accounts, customers, what customers do, the ledger, knobs, the clock. See
README.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from sandbox import accounts, customers, media
from sandbox.accounts import TelegramBot, TwilioAccount, WhatsAppNumber
from sandbox.faults import world_of
from sandbox.ledger import Entry
from sandbox.shapes import ControlError, Json, JsonResponse, control_object, flag_of, number_of, object_of, text_of
from sandbox.telegram import inbound as telegram_inbound
from sandbox.telegram import updates
from sandbox.twilio import inbound as twilio_inbound
from sandbox.twilio import statuses as twilio_statuses
from sandbox.whatsapp import files, hooks
from sandbox.whatsapp import inbound as whatsapp_inbound
from sandbox.whatsapp import messages as whatsapp_messages
from sandbox.whatsapp import statuses as whatsapp_statuses
from sandbox.whatsapp import templates as whatsapp_templates
from sandbox.world import World

_PAGE = 500
_MAX_PAGE = 5_000


async def refuse(request: Request, error: Exception) -> JsonResponse:
    """Starlette's handler for ControlError."""
    if not isinstance(error, ControlError):
        raise error
    return JsonResponse({"error": error.message}, status_code=error.status)


def _world(request: Request) -> World:
    """The World, which also learns here under which address it is reached."""
    world = world_of(request)
    world.base_url = str(request.base_url).rstrip("/")
    return world


# --- accounts ---


async def account_list(request: Request) -> JsonResponse:
    """GET /_sandbox/accounts"""
    world = _world(request)
    shown: Json = {kind: [] for kind in accounts.KINDS}
    for (kind, _), account in world.accounts.items():
        shown[kind].append(accounts.to_json(account))
    return JsonResponse(shown)


async def account(request: Request) -> JsonResponse:
    """GET, PUT, DELETE /_sandbox/accounts/{kind}/{id}"""
    world = _world(request)
    kind, account_id = request.path_params["kind"], request.path_params["id"]
    known = world.accounts.get((kind, account_id))
    if request.method == "DELETE":
        return JsonResponse({"deleted": world.remove_account(kind, account_id)})
    if request.method == "PUT":
        given = await control_object(request)
        base = accounts.to_json(known) if known else {}
        if "webhook_url" in given:
            # A new default replaces what Twilio's numbers had, unless the numbers are given as well.
            base["numbers"] = [{**number, "sms_url": ""} for number in base.get("numbers", [])]
        changed = accounts.read(kind, account_id, {**base, **given})
        world.put_account(kind, changed)
        return JsonResponse(accounts.to_json(changed))
    if known is None:
        raise ControlError("no such account", 404)
    return JsonResponse(accounts.to_json(known))


async def verify(request: Request) -> JsonResponse:
    """POST /_sandbox/accounts/whatsapp/{id}/verify: Meta's GET challenge against the account's webhook URL."""
    world = _world(request)
    number = _whatsapp(world, request.path_params["id"])
    if not number.webhook_url:
        raise ControlError("the account has no webhook_url")
    verified, status, problem = await hooks.verify(world, number.webhook_url, number.verify_token)
    return JsonResponse({"verified": verified, "status": status, "problem": problem})


# --- customers ---


async def customer_list(request: Request) -> JsonResponse:
    """GET; PUT or POST {customer} or {customers: […]} or {generate: {count, first_phone, prefix?}}"""
    world = _world(request)
    if request.method == "GET":
        return JsonResponse({"customers": [customers.to_json(person) for person in world.customers]})
    given = await control_object(request)
    if "generate" in given:
        count = _generate(world, object_of(given, "generate"))
        return JsonResponse({"generated": count}, status_code=201)
    wanted = given.get("customers", [given])
    if not isinstance(wanted, list):
        raise ControlError("customers must be a list")
    return JsonResponse({"customers": [customers.to_json(_put_customer(world, item)) for item in wanted]})


async def customer(request: Request) -> JsonResponse:
    """GET, PUT (any members), DELETE /_sandbox/customers/{id}"""
    world = _world(request)
    customer_id = request.path_params["id"]
    if request.method == "DELETE":
        return JsonResponse({"deleted": world.remove_customer(customer_id)})
    if request.method == "PUT":
        changed = _put_customer(world, {**await control_object(request), "id": customer_id})
        return JsonResponse(customers.to_json(changed))
    return JsonResponse(customers.to_json(world.customer(customer_id)))


def _put_customer(world: World, data: Json) -> customers.Customer:
    known = world.customers.get(text_of(data, "id"))
    person = customers.read(data, known)
    world.put_customer(person)
    return person


def _generate(world: World, data: Json) -> int:
    """Many plain customers with consecutive numbers, for benches."""
    count, first = int(number_of(data, "count", 0)), text_of(data, "first_phone", "+12025560000")
    prefix = text_of(data, "prefix", "g")
    if not 0 < count <= 1_000_000 or not first[1:].isdigit():
        raise ControlError("generate needs count (up to a million) and first_phone")
    for at in range(count):
        phone = f"+{int(first[1:]) + at}"
        if world.customers.by_phone(phone) is None:
            world.put_customer(customers.read({"id": f"{prefix}{at}", "name": f"Customer {at}", "phone": phone}))
    return count


# --- what customers do ---


async def inbound(request: Request) -> JsonResponse:
    """POST {channel, account, customer, type, …} → {provider_message_ids}"""
    world = _world(request)
    data = await control_object(request)
    person = world.customer(text_of(data, "customer"))
    channel, account_id = text_of(data, "channel"), text_of(data, "account")
    if channel == "whatsapp":
        ids = whatsapp_inbound.act(world, _whatsapp(world, account_id), person, data)
    elif channel == "sms":
        ids = twilio_inbound.act(world, _twilio(world, account_id), person, data)
    elif channel == "telegram":
        ids = telegram_inbound.act(world, _telegram(world, account_id), person, data)
    else:
        raise ControlError("channel must be whatsapp, sms or telegram")
    return JsonResponse({"provider_message_ids": ids, "provider_message_id": ids[0] if ids else None})


async def inbound_batch(request: Request) -> JsonResponse:
    """POST {account, items: […], layout?: messages|changes|entries}: everything in ONE WhatsApp POST."""
    world = _world(request)
    data = await control_object(request)
    items = data.get("items")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ControlError("items must be a list of objects")
    number = _whatsapp(world, text_of(data, "account"))
    ids = whatsapp_inbound.batch(world, number, items, text_of(data, "layout", "changes"))
    return JsonResponse({"provider_message_ids": ids})


async def status(request: Request) -> JsonResponse:
    """POST {channel, message, status, code?}: emit a status for a message, whatever was reported before."""
    world = _world(request)
    data = await control_object(request)
    channel, wanted = text_of(data, "channel", "whatsapp"), text_of(data, "status")
    entry = world.ledger.find(channel, text_of(data, "message"))
    if entry is None or entry.direction != "out":
        raise ControlError("no such outbound message", 404)
    code = int(number_of(data, "code", 0)) or None
    if channel == "whatsapp":
        whatsapp_statuses.force(world, entry, wanted, code, text_of(data, "details"))
    elif channel == "sms":
        twilio_statuses.force(world, entry, wanted, code)
    else:
        raise ControlError("Telegram has no statuses")
    return JsonResponse(entry.to_json())


async def release(request: Request) -> JsonResponse:
    """POST {drop?: bool}: let held templates go on, or drop them (132015)."""
    world = _world(request)
    data = await control_object(request)
    held = [entry for entry in world.ledger.after(0) if entry.type == "template" and entry.view.get("held")]
    for entry in held:
        whatsapp_messages.release(world, entry, drop=flag_of(data, "drop"))
    return JsonResponse({"released": len(held)})


async def template_status(request: Request) -> JsonResponse:
    """
    POST {waba_id, name, language} with {status, reason?}, {quality} or {category}: what a reviewer, people's reactions
    or Meta's own reading would do, with its webhook.
    """
    world = _world(request)
    data = await control_object(request)
    waba_id = text_of(data, "waba_id")
    found = whatsapp_templates.find(world, waba_id, text_of(data, "name"), text_of(data, "language", "en_US"))
    if found is None:
        raise ControlError("no such template", 404)
    if "quality" in data:
        whatsapp_templates.set_quality(world, waba_id, found, text_of(data, "quality"))
    elif "category" in data:
        whatsapp_templates.set_category(world, waba_id, found, text_of(data, "category"))
    else:
        whatsapp_templates.set_status(world, waba_id, found, text_of(data, "status"), text_of(data, "reason", "NONE"))
    return JsonResponse({name: data[name] for name in ("status", "quality", "category") if name in data})


# --- ledger, knobs, clock ---


async def ledger(request: Request) -> JsonResponse:
    """
    GET ?channel=&account=&customer=&direction=&type=&after=SEQ&limit= (or &newest=N): entries and the last number.
    """
    world = _world(request)
    query = request.query_params
    wanted = {name: query[name] for name in ("channel", "account", "customer", "direction", "type") if query.get(name)}

    def fits(entry: Entry) -> bool:
        return all(getattr(entry, name) == value for name, value in wanted.items())

    limit = min(_MAX_PAGE, _whole(query.get("limit"), _PAGE))
    found: Iterable[Entry]
    if query.get("newest"):
        newest = islice(filter(fits, world.ledger.newest_first()), min(_MAX_PAGE, _whole(query["newest"], _PAGE)))
        found = reversed(list(newest))
    else:
        found = islice(filter(fits, world.ledger.after(_whole(query.get("after"), 0))), limit)
    shown = [entry.to_json() for entry in found]
    return JsonResponse(
        {"entries": shown, "last_seq": world.ledger.last_seq, "next_after": shown[-1]["seq"] if shown else None}
    )


def _whole(value: str | None, default: int) -> int:
    return int(value) if value and value.isdigit() else default


async def knobs(request: Request) -> JsonResponse:
    """GET; PUT {global?, channels?, customers?, seed?, speed?} (merged; null resets a knob)"""
    world = _world(request)
    if request.method == "PUT":
        given = await control_object(request)
        if "seed" in given:
            world.set_seed(int(number_of(given, "seed", 0)))
        if "speed" in given:
            world.set_speed(number_of(given, "speed", 1.0))
        world.knobs.change({key: value for key, value in given.items() if key not in ("seed", "speed")})
        world.events.send("knobs", {})
    return JsonResponse({**world.knobs.to_json(), "speed": world.clock.speed})


async def clock(request: Request) -> JsonResponse:
    """GET; POST {advance_seconds}"""
    world = _world(request)
    if request.method == "POST":
        world.advance(number_of(await control_object(request), "advance_seconds", 0.0))
    return JsonResponse({"now": world.clock.now(), "offset": world.clock.offset, "speed": world.clock.speed})


async def reset(request: Request) -> JsonResponse:
    """POST {seed?: true, keep_accounts?: false}: forget everything."""
    world = _world(request)
    data = await control_object(request)
    updates.forget(world)
    world.reset(seed=flag_of(data, "seed", True), keep_accounts=flag_of(data, "keep_accounts"))
    return JsonResponse({"reset": True})


async def state(request: Request) -> JsonResponse:
    """GET: queues and sizes, for benches that wait until everything was delivered."""
    world = _world(request)
    hooks_now = world.webhooks
    return JsonResponse(
        {
            "now": world.clock.now(),
            "ledger": {
                "entries": len(world.ledger),
                "last_seq": world.ledger.last_seq,
                "dropped": world.ledger.dropped,
            },
            "customers": len(world.customers),
            "webhooks": {
                "pending": hooks_now.pending + hooks_now.in_flight,
                "delivered": hooks_now.delivered,
                "failed_attempts": hooks_now.failed_attempts,
                "given_up": hooks_now.given_up,
                "last_error": hooks_now.last_error,
            },
        }
    )


async def events(request: Request) -> Response:
    """GET: Server-Sent Events."""
    stream = _world(request).events.stream()
    return StreamingResponse(stream, media_type="text/event-stream", headers={"cache-control": "no-store"})


async def media_file(request: Request) -> Response:
    """GET /_sandbox/media/{id}: any file, for the phone page."""
    world = _world(request)
    found = world.media.get(request.path_params["id"])
    if found is None:
        raise ControlError("no such file", 404)
    response = files.stream(world, found)
    response.headers["cache-control"] = "private, max-age=86400"
    response.headers["x-content-type-options"] = "nosniff"
    # Business uploads are not trusted with the page's origin.
    response.headers["content-security-policy"] = "sandbox; default-src 'none'; style-src 'unsafe-inline'"
    return response


async def samples(request: Request) -> JsonResponse:
    """GET: the built-in sample files."""
    return JsonResponse({name: {"mime": found.mime, "name": found.name} for name, found in media.SAMPLES.items()})


def _whatsapp(world: World, account_id: str) -> WhatsAppNumber:
    found = world.account("whatsapp", account_id, WhatsAppNumber)
    if found is None:
        raise ControlError(f"no such WhatsApp number: {account_id}", 404)
    return found


def _twilio(world: World, account_id: str) -> TwilioAccount:
    found = world.account("twilio", account_id, TwilioAccount)
    if found is None:
        raise ControlError(f"no such Twilio account: {account_id}", 404)
    return found


def _telegram(world: World, account_id: str) -> TelegramBot:
    found = world.account("telegram", account_id, TelegramBot)
    if found is None:
        raise ControlError(f"no such bot: {account_id}", 404)
    return found
