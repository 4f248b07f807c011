"""POST /{version}/{phone_number_id}/messages: every check Meta makes, in its order; then acceptance and the ledger."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from sandbox.accounts import WhatsAppNumber
from sandbox.customers import Customer
from sandbox.faults import lost_answer, pause, strikes, world_of
from sandbox.knobs import Knobs
from sandbox.ledger import Entry
from sandbox.shapes import Json, JsonResponse, digits, load_object
from sandbox.whatsapp import bodies, files, statuses, template_fill, templates
from sandbox.whatsapp.auth import authorised_number, product
from sandbox.whatsapp.errors import GraphError, bad_parameter, bad_value, missing
from sandbox.world import World

_THIRTY_DAYS = 30 * 86_400
_TYPES = ("text", *bodies.MEDIA_TYPES, "location", "contacts", "reaction", "interactive", "template")
TYPING_SECONDS = 25


@dataclass(slots=True)
class Draft:
    """A message on its way through the checks."""

    kind: str
    to: str
    customer: Customer | None
    view: Json = field(default_factory=dict)
    # A code that is reported by a failed status after acceptance, and what goes with it.
    late_code: int = 0
    link: str = ""
    template_status: str = ""


async def endpoint(request: Request) -> Response:
    """Send a message, or mark one as read."""
    world = world_of(request)
    number = authorised_number(world, request)
    data = load_object(await request.body())
    if data is None:
        raise bad_parameter("Invalid parameter", "The request body is not a JSON object.")
    product(data)
    if "status" in data:
        return _read(world, number, data)
    return await _send(world, number, data, marketing=False)


async def marketing_endpoint(request: Request) -> Response:
    """POST /{version}/{phone_number_id}/marketing_messages: marketing templates only."""
    world = world_of(request)
    number = authorised_number(world, request)
    data = load_object(await request.body())
    if data is None:
        raise bad_parameter("Invalid parameter", "The request body is not a JSON object.")
    product(data)
    if data.get("type") != "template":
        raise GraphError(131055, message="(#131055) Method not allowed", details="Only template messages are allowed.")
    return await _send(world, number, data, marketing=True)


async def _send(world: World, number: WhatsAppNumber, data: Json, *, marketing: bool) -> Response:
    to, customer = _recipient(world, number, data)
    customer_id = customer.id if customer else ""
    knobs = world.knobs.of("whatsapp", customer_id)
    await pause(knobs)
    late = _injected(world, knobs, customer_id)
    draft = _validated(world, number, data, to, customer, knobs)
    if marketing and draft.view["template"]["category"] != "MARKETING":
        raise GraphError(
            131055, message="(#131055) Method not allowed", details="Only marketing templates are allowed."
        )
    draft.late_code = late or draft.late_code
    _pace(world, number, draft, knobs)
    _of_today(world, number, draft, knobs)
    entry = _accept(world, number, data, draft, knobs)
    lost = lost_answer(world, knobs)
    if lost is not None:
        return lost
    return JsonResponse(_answer(data, draft, entry))


def _recipient(world: World, number: WhatsAppNumber, data: Json) -> tuple[str, Customer | None]:
    """The address as given and the person there. `to` wins over `recipient`."""
    if data.get("recipient_type", "individual") not in ("individual", "group"):
        raise bad_parameter("Param recipient_type must be one of {INDIVIDUAL, GROUP}")
    to = data.get("to")
    if to is None:
        bsuid = data.get("recipient")
        if not isinstance(bsuid, str) or not bsuid:
            raise missing("to")
        return bsuid, world.customers.by_bsuid(bsuid)
    if not isinstance(to, str | int) or isinstance(to, bool):
        raise bad_parameter("Param to must be a string.")
    spelled = digits(str(to))
    if not 5 <= len(spelled) <= 20:
        raise bad_parameter("Invalid parameter", f"to: {to} is not a phone number")
    if spelled == number.digits:
        raise GraphError(131021)
    return str(to), world.customers.by_phone(spelled)


def _injected(world: World, knobs: Knobs, customer: str) -> int:
    """Failures that the knobs ask for: raised at once, or returned when Meta would report them later."""
    if knobs.throttle:
        raise GraphError(130429)
    code = world.knobs.take_failure("whatsapp", customer)
    if not code and strikes(world, knobs.error_rate):
        code = knobs.error_code or 131000
    if code and code not in knobs.late_codes:
        raise GraphError(code)
    return code


def _validated(
    world: World, number: WhatsAppNumber, data: Json, to: str, customer: Customer | None, knobs: Knobs
) -> Draft:
    draft = Draft(kind=_kind(data), to=to, customer=customer)
    context = data.get("context")
    if context is not None and (not isinstance(context, dict) or not isinstance(context.get("message_id"), str)):
        raise missing("context['message_id']")
    correlation = data.get("biz_opaque_callback_data", "")
    if not isinstance(correlation, str) or len(correlation) > 512:
        raise bad_parameter("Param biz_opaque_callback_data must be at most 512 characters long.")
    _fill(world, number, data, draft)
    if context is not None:
        draft.view["quote"] = context["message_id"]
    _attach(world, number, draft)
    if number.allow_list is not None and digits(to) not in number.allow_list:
        raise GraphError(131030)
    if customer is not None and customer.id in number.blocked:
        raise GraphError(130403)
    if customer is None or not customer.on_whatsapp:
        draft.late_code = _late(131026, knobs)
    elif draft.kind != "template" and not statuses.window_open(world, number.id, customer.id):
        draft.late_code = _late(131047, knobs)
    elif customer.marketing_stopped and draft.view.get("template", {}).get("category") == "MARKETING":
        draft.late_code = _late(131050, knobs)
    return draft


def _kind(data: Json) -> str:
    kind = data.get("type", "text")
    if not isinstance(kind, str) or kind not in _TYPES:
        allowed = ", ".join(name.upper() for name in _TYPES)
        raise bad_parameter(f'Param type must be one of {{{allowed}}} - got "{kind}".')
    return kind


def _fill(world: World, number: WhatsAppNumber, data: Json, draft: Draft) -> None:
    """Check the body object and draw it."""
    body = data.get(draft.kind)
    if draft.kind == "contacts":
        draft.view = bodies.contacts(body)
        return
    if not isinstance(body, dict):
        raise missing(draft.kind)
    match draft.kind:
        case "text":
            draft.view = bodies.text(body)
        case "location":
            draft.view = bodies.location(body)
        case "reaction":
            draft.view = bodies.reaction(body)
            _check_reaction(world, number, draft)
        case "interactive":
            draft.view = bodies.interactive(body)
        case "template":
            draft.view = _template(world, number, body, draft)
        case _:
            draft.view = bodies.media(draft.kind, body)


def _check_reaction(world: World, number: WhatsAppNumber, draft: Draft) -> None:
    target = world.ledger.find("whatsapp", draft.view["reaction"]["target"])
    if target is None or target.account != number.id or target.at < world.clock.now() - _THIRTY_DAYS:
        raise bad_value("reaction['message_id'] is not a message of this chat from the last 30 days")


def _template(world: World, number: WhatsAppNumber, body: Json, draft: Draft) -> Json:
    name, language = body.get("name"), body.get("language")
    if not isinstance(name, str) or not name:
        raise missing("template['name']")
    if not isinstance(language, dict) or not isinstance(language.get("code"), str):
        raise missing("template['language']['code']")
    components = body.get("components", [])
    if not isinstance(components, list):
        raise bad_parameter("Param template['components'] must be an array.")
    template = templates.find(world, number.waba_id, name, language["code"])
    if template is None or template["status"] in ("PENDING", "REJECTED"):
        raise GraphError(132001, f"template name ({name}) does not exist in {language['code']}")
    if template["status"] == "PAUSED":
        raise GraphError(132015)
    if template["status"] == "DISABLED":
        raise GraphError(132016)
    if template["category"] == "AUTHENTICATION" and draft.to[:2].isalpha():
        raise GraphError(131062)
    view = template_fill.fill(template, components)
    draft.template_status = "accepted"
    _place_header(view)
    for card in view.get("cards", ()):
        _place_header(card)
        _show_file(world, number, card, draft)
    view["template"] = {"name": name, "language": language["code"], "category": template["category"]}
    return view


def _place_header(view: Json) -> None:
    """What stands above a template's text, or a card's."""
    media_kind, media_object = view.pop("header_kind", ""), view.pop("header_object", None)
    if media_kind in bodies.MEDIA_TYPES:
        view["media_object"] = bodies.media(media_kind, media_object)["media_object"]
    elif media_kind == "location":
        view.update(bodies.location(media_object))


def _attach(world: World, number: WhatsAppNumber, draft: Draft) -> None:
    """Find the file of a media object; a link is fetched after acceptance, as Meta does."""
    wanted = draft.view.get("media_object")
    if wanted is not None and "link" in wanted:
        draft.link = wanted["link"]
        draft.view["media"] = [{"kind": wanted["kind"], "name": wanted.get("name", ""), "url": ""}]
        del draft.view["media_object"]
        return
    _show_file(world, number, draft.view, draft)


def _show_file(world: World, number: WhatsAppNumber, view: Json, draft: Draft) -> None:
    """Put the file of an uploaded id in place of the media object."""
    wanted = view.pop("media_object", None)
    if wanted is None:
        return
    found = files.owned(world, number, str(wanted["id"]))
    shown = files.shown(found, wanted["kind"])
    if wanted.get("name"):
        shown["name"] = wanted["name"]
    view["media"] = [shown]
    if not files.fits(wanted["kind"], found.bare_mime, found.size):
        draft.late_code = 131053


def _late(code: int, knobs: Knobs) -> int:
    """Refuse now, or accept and report the code later, as `late_codes` says."""
    if code not in knobs.late_codes:
        raise GraphError(code)
    return code


def _pace(world: World, number: WhatsAppNumber, draft: Draft, knobs: Knobs) -> None:
    """The number's throughput, then the pair's: 1 message in 6 s with a burst of 45 that borrows from the future."""
    if not knobs.limits:
        return
    now, speed = world.clock.now(), world.clock.speed
    rate = number.messages_per_second
    if world.buckets.take(("whatsapp", number.id), now, rate, max(1.0, rate)):
        raise GraphError(130429)
    if draft.customer is not None and world.buckets.take(
        ("whatsapp", number.id, draft.customer.id), now, knobs.pair_per_second * speed, knobs.pair_burst
    ):
        raise GraphError(131056)


def _of_today(world: World, number: WhatsAppNumber, draft: Draft, knobs: Knobs) -> None:
    """So many different people a day outside the reply window, for all numbers of the portfolio together."""
    limit = number.people_a_day
    if not knobs.limits or limit is None or draft.kind != "template" or draft.late_code or draft.customer is None:
        return
    now, period = world.clock.now(), world.clock.window(statuses.DAY_SECONDS)
    if statuses.window_open(world, number.id, draft.customer.id):
        return
    if not world.reached.take(number.business_id, draft.customer.id, now, period, limit):
        draft.late_code = _late(131048, knobs)


def _accept(world: World, number: WhatsAppNumber, data: Json, draft: Draft, knobs: Knobs) -> Entry:
    customer = draft.customer.id if draft.customer else ""
    held = knobs.hold_templates and draft.kind == "template" and not draft.late_code
    if held:
        draft.template_status = "held_for_quality_assessment"
        draft.view["held"] = True
    entry = world.record(
        channel="whatsapp",
        account=number.id,
        customer=customer,
        direction="out",
        provider_id=new_wamid(),
        kind=draft.kind,
        body=draft.view,
        to=draft.to,
        correlation=data.get("biz_opaque_callback_data", ""),
    )
    if draft.kind == "reaction":
        _mark_reaction(world, draft.view["reaction"])
    if held:
        return entry
    if draft.link and not draft.late_code:
        task = asyncio.get_running_loop().create_task(_fetch_then_plan(world, number, entry, draft.link))
        world.background.add(task)
        task.add_done_callback(world.background.discard)
    else:
        statuses.plan(world, entry, draft.late_code)
    return entry


async def _fetch_then_plan(world: World, number: WhatsAppNumber, entry: Entry, link: str) -> None:
    shown = entry.view["media"][0]
    fetched = await files.fetch(world, number, link, shown["kind"])
    if fetched is None:
        statuses.plan(world, entry, 131053)
        return
    described = files.shown(fetched, shown["kind"])
    world.rewrite(entry, media=[{**described, "name": shown["name"] or described["name"]}])
    statuses.plan(world, entry)


def _mark_reaction(world: World, reaction: Json) -> None:
    target = world.ledger.find("whatsapp", reaction["target"])
    if target is not None:
        world.mark(target, business_reaction=reaction["emoji"])


def _answer(data: Json, draft: Draft, entry: Entry) -> Json:
    contact: Json = {"input": draft.to}
    by_phone = "to" in data
    if draft.customer is None:
        contact["wa_id"] = digits(draft.to)
    else:
        if by_phone or not draft.customer.hides_phone:
            contact["wa_id"] = draft.customer.wa_id
        contact["user_id"] = draft.customer.bsuid
    message: Json = {"id": entry.provider_id}
    if draft.template_status:
        message["message_status"] = draft.template_status
    return {"messaging_product": "whatsapp", "contacts": [contact], "messages": [message]}


def _read(world: World, number: WhatsAppNumber, data: Json) -> Response:
    """`{status: "read", message_id, typing_indicator?}`: this message and the earlier ones were read."""
    if data["status"] != "read":
        raise bad_parameter("Param status must be one of {READ}")
    entry = world.ledger.find("whatsapp", str(data.get("message_id", "")))
    if entry is None or entry.account != number.id or entry.direction != "in":
        raise bad_value("message_id is not a message that this number received")
    if entry.at < world.clock.now() - _THIRTY_DAYS:
        raise bad_value("message_id is older than 30 days")
    typing = data.get("typing_indicator")
    if typing is not None:
        if not isinstance(typing, dict) or typing.get("type") != "text":
            raise bad_parameter("Param typing_indicator['type'] must be one of {TEXT}")
        typing_event: Json = {"channel": "whatsapp", "account": number.id, "customer": entry.customer}
        world.events.send("typing", {**typing_event, "seconds": TYPING_SECONDS})
    for earlier in reversed(world.ledger.chat("whatsapp", number.id, entry.customer)):
        if earlier.seq <= entry.seq and earlier.direction == "in":
            if (earlier.marks or {}).get("read_by_business"):
                break
            world.mark(earlier, read_by_business=True)
    return JsonResponse({"success": True})


def new_wamid() -> str:
    """A message id; opaque, like Meta's."""
    return "wamid." + secrets.token_urlsafe(30)


def release(world: World, entry: Entry, *, drop: bool) -> None:
    """Let a held template go on, or drop it with 132015."""
    world.rewrite(entry, held=False)
    statuses.plan(world, entry, 132015 if drop else 0)
