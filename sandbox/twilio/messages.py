"""
/Accounts/{AC}/Messages.json: create with every check Twilio makes, list with paging, look at, redact, cancel,
delete.
"""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from urllib.parse import urlencode, urlsplit

import aiohttp
from starlette.requests import Request
from starlette.responses import Response

from sandbox import media
from sandbox.accounts import MessagingService, TwilioAccount
from sandbox.clock import rfc2822
from sandbox.customers import Customer
from sandbox.faults import lost_answer, pause, strikes, world_of
from sandbox.knobs import Knobs
from sandbox.ledger import Entry
from sandbox.shapes import Json, JsonResponse
from sandbox.twilio import content, hooks, segments, statuses
from sandbox.twilio.auth import Form, authorised, form_of
from sandbox.twilio.errors import CODES, TwilioError
from sandbox.world import World, token_hex

_TO = re.compile(r"\+[1-9][0-9]{6,14}")
_SHORT_CODE = re.compile(r"[0-9]{5,6}")
_ALPHANUMERIC = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 &+_-]{1,11}")
MAX_BODY = 1600
_MAX_MEDIA = 10
_MMS_BYTES = 5 * 1024 * 1024
OPT_OUTS = "twilio_opt_out"


async def collection(request: Request) -> Response:
    """GET and POST /Accounts/{AC}/Messages.json"""
    account = authorised(request)
    if request.method == "GET":
        return _list(request, account)
    return await _create(world_of(request), account, await form_of(request))


# --- create ---


async def _create(world: World, account: TwilioAccount, form: Form) -> Response:
    to = form.get("To")
    if not to:
        raise TwilioError(21604)
    customer = world.customers.by_phone(to)
    customer_id = customer.id if customer else ""
    knobs = world.knobs.of("sms", customer_id)
    await pause(knobs)
    late = _injected(world, knobs, customer_id)
    if to.startswith("whatsapp:"):
        raise TwilioError(63007)
    if not _TO.fullmatch(to):
        raise TwilioError(21211, f"Invalid 'To' Phone Number: {to}")
    service, sender = _sender(account, form, to)
    body = _body(world, account, form)
    _check_callback(form)
    send_at = _schedule(world, form)
    if sender == to:
        raise TwilioError(21266, "'To' and 'From' number cannot be the same")
    if world.fact(OPT_OUTS, f"{account.id}:{sender}:{customer_id}") is not None:
        raise TwilioError(21610)
    files = await _fetch_media(world, account, form.values.get("MediaUrl", []))
    _pace(world, account, knobs)
    if not late and (customer is None or not customer.sms):
        late = 30005
    entry = _accept(world, account, form, sender, service, body, files, customer, send_at)
    if send_at is not None:
        delay = world.clock.window(max(0.0, send_at - world.clock.now()))
        asyncio.get_running_loop().call_later(delay, _send_scheduled, world, entry, late)
    else:
        statuses.plan(world, entry, late)
    lost = lost_answer(world, knobs)
    if lost is not None:
        return lost
    initial = "scheduled" if send_at is not None else "accepted" if service else "queued"
    return JsonResponse(show(world, entry, initial), status_code=201)


def _send_scheduled(world: World, entry: Entry, late: int) -> None:
    if entry.status != "canceled":
        statuses.plan(world, entry, late)


def _injected(world: World, knobs: Knobs, customer: str) -> int:
    if knobs.throttle:
        raise TwilioError(20429)
    code = world.knobs.take_failure("sms", customer)
    if not code and strikes(world, knobs.error_rate):
        code = knobs.error_code or 20500
    if code and code not in statuses.LATE_CODES:
        raise TwilioError(code, status=503 if code == 20503 else CODES.get(code, (400, ""))[0])
    return code


def _sender(account: TwilioAccount, form: Form, to: str) -> tuple[MessagingService | None, str]:
    """The service, if any, and the number: the same one of the pool for the same recipient."""
    service_sid, sender = form.get("MessagingServiceSid"), form.get("From")
    if service_sid:
        service = account.services.get(service_sid)
        if service is None:
            raise TwilioError(21701, f"The requested resource {service_sid} was not found")
        if not service.numbers:
            raise TwilioError(21703)
        if sender and sender not in service.numbers:
            raise TwilioError(21606)
        return service, sender or service.numbers[sum(to.encode()) % len(service.numbers)]
    if not sender:
        raise TwilioError(21603, "A 'From' phone number is required.")
    if sender in account.numbers:
        return None, sender
    if _TO.fullmatch(sender) or _SHORT_CODE.fullmatch(sender):
        raise TwilioError(
            21606, f"The 'From' phone number provided ({sender}) is not a valid message-capable Twilio phone number"
        )
    if _ALPHANUMERIC.fullmatch(sender):
        # Alphanumeric senders do not exist in the US and Canada.
        if to.startswith("+1"):
            raise TwilioError(21612)
        return None, sender
    raise TwilioError(21212, f"Invalid From Number (caller ID): {sender}")


def _body(world: World, account: TwilioAccount, form: Form) -> str:
    body = form.get("Body")
    content_sid = form.get("ContentSid")
    if content_sid:
        return content.render(world, account, content_sid, form.get("ContentVariables"))
    if not body and not form.values.get("MediaUrl"):
        raise TwilioError(21602)
    if len(body) > MAX_BODY:
        raise TwilioError(21617)
    return body


def _check_callback(form: Form) -> None:
    url = form.get("StatusCallback")
    if url and not hooks.valid_callback(url):
        raise TwilioError(21609, f"The 'StatusCallback' URL {url} is not a valid URL")
    validity = form.get("ValidityPeriod")
    if validity and not (validity.isdigit() and 1 <= int(validity) <= 36_000):
        raise TwilioError(20001, "ValidityPeriod must be between 1 and 36000")


def _schedule(world: World, form: Form) -> float | None:
    given = form.get("SendAt")
    if not given:
        return None
    if form.get("ScheduleType") != "fixed":
        raise TwilioError(35111)
    if not form.get("MessagingServiceSid"):
        raise TwilioError(35118)
    try:
        at = datetime.fromisoformat(given).astimezone(UTC).timestamp()
    except ValueError:
        raise TwilioError(35114) from None
    if not 300 <= at - world.clock.now() <= 35 * 86_400:
        raise TwilioError(35114)
    return at


async def _fetch_media(world: World, account: TwilioAccount, urls: list[str]) -> list[Json]:
    """Twilio fetches each MediaUrl itself and refuses what it cannot have."""
    if len(urls) > _MAX_MEDIA:
        raise TwilioError(21623)
    files: list[Json] = []
    total = 0
    for url in urls:
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise TwilioError(21620, f"Invalid media URL(s): {url}")
        try:
            async with world.http.get(url, headers={"user-agent": "TwilioProxy/1.1"}) as response:
                if response.status != 200:
                    raise TwilioError(21620, f"Invalid media URL(s): {url} answered {response.status}")
                data = await response.content.read(_MMS_BYTES + 1)
                while len(data) <= _MMS_BYTES and (more := await response.content.read(1 << 16)):
                    data += more
                mime = response.headers.get("content-type", "").split(";")[0].strip()
        except (aiohttp.ClientError, TimeoutError, ValueError):
            raise TwilioError(21620, f"Invalid media URL(s): {url} could not be fetched") from None
        if not re.fullmatch(r"(image|video|audio|text|application)/[A-Za-z0-9.+-]+", mime) or mime == "text/html":
            raise TwilioError(12300, f"Invalid Content-Type: {mime or 'none'}")
        total += len(data)
        if total > _MMS_BYTES:
            raise TwilioError(21620, "Media exceeds the size limit of 5 MB")
        name = urlsplit(url).path.rpartition("/")[2]
        stored = world.add_media(account.id, data, mime, name, media_id="ME" + token_hex(32))
        files.append({**media.describe(stored), "kind": mime.split("/")[0]})
    return files


def _pace(world: World, account: TwilioAccount, knobs: Knobs) -> None:
    """The REST API's concurrency, as a rate: beyond it 429 with 20429. Sender queues are not modelled further."""
    if not knobs.limits:
        return
    rate = account.messages_per_second * world.clock.speed
    if world.buckets.take(("twilio", account.id), world.clock.now(), rate, account.messages_per_second):
        raise TwilioError(20429)


def _accept(
    world: World,
    account: TwilioAccount,
    form: Form,
    sender: str,
    service: MessagingService | None,
    body: str,
    files: list[Json],
    customer: Customer | None,
    send_at: float | None,
) -> Entry:
    view: Json = {"text": body, "from": sender, "segments": segments.count(body) if body else 1}
    if files:
        view["media"] = files
    if service is not None:
        view["service"] = service.sid
    if send_at is not None:
        view["send_at"] = send_at
    if validity := form.get("ValidityPeriod"):
        view["validity_seconds"] = int(validity)
    return world.record(
        channel="sms",
        account=account.id,
        customer=customer.id if customer else "",
        direction="out",
        provider_id=("MM" if files else "SM") + token_hex(32),
        kind="mms" if files else "text",
        body=view,
        to=form.get("To"),
        correlation=form.get("StatusCallback"),
    )


# --- look at ---


def show(world: World, entry: Entry, status: str = "") -> Json:
    """A message as the API shows it; all numbers are strings, dates RFC 2822."""
    view = entry.view
    prefix = f"/2010-04-01/Accounts/{entry.account}/Messages/{entry.provider_id}"
    inbound = entry.direction == "in"
    fresh = status in ("accepted", "scheduled")
    shown = status or entry.status or ("received" if inbound else "queued")
    code = entry.statuses[-1][2] if entry.statuses else None
    redacted = (entry.marks or {}).get("redacted", False)
    changed = entry.statuses[-1][1] if entry.statuses else entry.at
    sent = next((item[1] for item in entry.statuses if item[0] == "sent"), entry.at if inbound else None)
    direction = "inbound" if inbound else "outbound-reply" if view.get("reply") else "outbound-api"
    return {
        "sid": entry.provider_id,
        "account_sid": entry.account,
        "messaging_service_sid": view.get("service"),
        "from": None if fresh else view["from"],
        "to": entry.to,
        "body": "" if redacted else view.get("text", ""),
        "status": shown,
        "num_segments": "0" if fresh else str(view.get("segments", 1)),
        "num_media": str(len(view.get("media", []))),
        "direction": direction,
        "price": None,
        "price_unit": "USD",
        "error_code": code,
        "error_message": CODES.get(code, (0, "Unknown error"))[1] if code else None,
        "date_created": rfc2822(entry.at),
        "date_updated": rfc2822(changed),
        "date_sent": rfc2822(sent) if sent else None,
        "api_version": "2010-04-01",
        "uri": f"{prefix}.json",
        "subresource_uris": {"media": f"{prefix}/Media.json"},
    }


def find(world: World, account: TwilioAccount, sid: str) -> Entry:
    """A message of this account; 20404 otherwise."""
    entry = world.ledger.find("sms", sid)
    if entry is None or entry.account != account.id or (entry.marks or {}).get("deleted_by_business"):
        path = f"/2010-04-01/Accounts/{account.id}/Messages/{sid}.json"
        raise TwilioError(20404, f"The requested resource {path} was not found")
    return entry


async def one(request: Request) -> Response:
    """GET, POST (redact or cancel), DELETE /Accounts/{AC}/Messages/{SM}.json"""
    world, account = world_of(request), authorised(request)
    entry = find(world, account, request.path_params["sid"])
    if request.method == "DELETE":
        world.mark(entry, deleted_by_business=True)
        return Response(status_code=204)
    if request.method == "POST":
        form = await form_of(request)
        if form.get("Status") == "canceled":
            if not entry.view.get("send_at") or entry.statuses:
                raise TwilioError(30409)
            statuses.force(world, entry, "canceled")
        elif form.values.get("Body") == [""]:
            world.mark(entry, redacted=True)
        else:
            raise TwilioError(20001, "Only an empty Body or Status=canceled can be set")
    return JsonResponse(show(world, entry))


def _list(request: Request, account: TwilioAccount) -> JsonResponse:
    """Newest first, filtered by To, From and DateSent (with `>` and `<` in the name), paged by PageToken."""
    world, query = world_of(request), request.query_params
    size = int(query["PageSize"]) if query.get("PageSize", "").isdigit() else 50
    size = max(1, min(1000, size))
    before = int(query["PageToken"]) if query.get("PageToken", "").isdigit() else world.ledger.last_seq + 1
    page_number = int(query["Page"]) if query.get("Page", "").isdigit() else 0
    earliest, latest = _date_range(request)
    found: list[Entry] = []
    for entry in world.ledger.newest_first():
        if entry.seq >= before or entry.channel != "sms" or entry.account != account.id:
            continue
        if (entry.marks or {}).get("deleted_by_business") or not earliest <= entry.at < latest:
            continue
        if query.get("To") not in (None, entry.to) or query.get("From") not in (None, entry.view["from"]):
            continue
        found.append(entry)
        if len(found) > size:
            break
    page, more = found[:size], len(found) > size
    base = f"/2010-04-01/Accounts/{account.id}/Messages.json"
    kept = [(name, value) for name, value in query.multi_items() if name not in ("Page", "PageToken", "PageSize")]

    def uri(number: int, token: int | None) -> str:
        extra: list[tuple[str, str]] = [("PageSize", str(size)), ("Page", str(number))]
        if token is not None:
            extra.append(("PageToken", str(token)))
        return f"{base}?{urlencode([*kept, *extra])}"

    return JsonResponse(
        {
            "messages": [show(world, entry) for entry in page],
            "page": page_number,
            "page_size": size,
            "start": page_number * size,
            "end": page_number * size + max(0, len(page) - 1),
            "first_page_uri": uri(0, None),
            "next_page_uri": uri(page_number + 1, page[-1].seq) if more else None,
            "previous_page_uri": None,
            "uri": uri(page_number, before if page_number else None),
        }
    )


def _date_range(request: Request) -> tuple[float, float]:
    """The moments that DateSent, DateSent> and DateSent< ask for; each a day or a time."""
    earliest, latest = 0.0, float("inf")
    # `DateSent>=2026-11-21` arrives as the name `DateSent>` and the value `2026-11-21`.
    for name, value in request.query_params.multi_items():
        if not name.startswith("DateSent") or not value:
            continue
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise TwilioError(20001, f"Invalid date: {value}") from None
        at = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        whole_day = len(value) == 10
        if name == "DateSent>":
            earliest = at
        elif name == "DateSent<":
            latest = at + (86_400 if whole_day else 1)
        elif name == "DateSent":
            earliest, latest = at, at + (86_400 if whole_day else 1)
    return earliest, latest
