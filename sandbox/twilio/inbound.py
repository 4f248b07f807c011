"""What a customer does by SMS: texts, pictures and the words STOP, START and HELP, which Twilio itself answers."""

from __future__ import annotations

from sandbox import media
from sandbox.accounts import TwilioAccount
from sandbox.customers import Customer
from sandbox.ledger import Entry
from sandbox.poster import Answer
from sandbox.shapes import ControlError, Json, text_of
from sandbox.twilio import hooks, segments, statuses
from sandbox.twilio.messages import MAX_BODY, OPT_OUTS
from sandbox.whatsapp.acts import stored_media
from sandbox.world import World, token_hex

_STOP = frozenset(["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"])
_START = frozenset(["START", "YES", "UNSTOP"])
_HELP = frozenset(["HELP", "INFO"])
_ANSWERS = {
    "STOP": "You have successfully been unsubscribed. You will not receive any more messages from this number. "
    "Reply START to resubscribe.",
    "START": "You have successfully been re-subscribed to messages from this number. Reply HELP for help. "
    "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
    "HELP": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}
_SAMPLES = {"image": "photo", "video": "video", "audio": "music", "voice": "voice", "document": "document"}


def act(world: World, account: TwilioAccount, customer: Customer, data: Json) -> list[str]:
    """One SMS or MMS from the customer; `number` chooses the business number, by default the account's first."""
    kind = text_of(data, "type", "text")
    if kind == "open":
        return []
    number = text_of(data, "number") or next(iter(account.numbers), "")
    if number not in account.numbers:
        raise ControlError(f"the account has no number {number}" if number else "the account has no numbers")
    text = text_of(data, "text")
    if len(text) > MAX_BODY:
        raise ControlError(f"an SMS has at most {MAX_BODY} characters")
    files = []
    if kind in _SAMPLES:
        given = data.get("media")
        wanted = given if isinstance(given, list) else [given]
        for item in wanted[:10]:
            request = {**data, "media": item} if item else {key: data[key] for key in data if key != "media"}
            files.append(stored_media(world, account.id, request, _SAMPLES[kind], 0.0, "ME" + token_hex(32)))
    elif kind != "text":
        raise ControlError(f"SMS customers cannot do that: {kind}")
    elif not text:
        raise ControlError("text is required")
    keyword = _keyword(text) if not files else ""
    sid = text_of(data, "id") or ("MM" if files else "SM") + token_hex(32)
    fields = {
        "ToCountry": "US",
        "MessageSid": sid,
        "SmsMessageSid": sid,
        "SmsSid": sid,
        "AccountSid": account.id,
        "From": customer.phone,
        "To": number,
        "Body": text,
        "NumMedia": str(len(files)),
        "NumSegments": str(segments.count(text) if text else 1),
        "SmsStatus": "received",
        "FromCountry": "US",
        "ApiVersion": "2010-04-01",
    }
    service = next((item for item in account.services.values() if number in item.numbers), None)
    if service is not None:
        fields["MessagingServiceSid"] = service.sid
        if keyword and service.advanced_opt_out:
            fields["OptOutType"] = keyword
    base = f"{world.base_url}/twilio/2010-04-01/Accounts/{account.id}/Messages/{sid}/Media"
    shown: list[Json] = []
    for at, stored in enumerate(files):
        fields[f"MediaUrl{at}"] = f"{base}/{stored.id}"
        fields[f"MediaContentType{at}"] = stored.bare_mime
        shown.append({**media.describe(stored), "kind": stored.bare_mime.split("/")[0]})
    url = (service.inbound_url if service is not None else "") or account.numbers[number].sms_url
    view: Json = {"text": text, "from": customer.phone, "segments": int(fields["NumSegments"])}
    if shown:
        view["media"] = shown
    if service is not None:
        view["service"] = service.sid
    entry = world.record(
        channel="sms",
        account=account.id,
        customer=customer.id,
        direction="in",
        provider_id=sid,
        kind="mms" if files else "text",
        body=view,
        to=number,
    )
    if keyword:
        _obey(world, account, customer, number, keyword)
    if url:
        _post(world, account, entry, url, fields)
    return [sid]


def _post(world: World, account: TwilioAccount, entry: Entry, url: str, fields: dict[str, str]) -> None:
    def answered(answer: Answer) -> None:
        for text, _ in hooks.twiml_messages(answer):
            reply(world, account, entry.customer, fields["To"], fields["From"], text)

    hooks.post(
        world,
        account,
        url,
        fields,
        lane=entry.customer,
        customer=entry.customer,
        seqs=(entry.seq,),
        on_answer=answered,
    )


def reply(world: World, account: TwilioAccount, customer: str, number: str, phone: str, text: str) -> None:
    """A message from a TwiML answer."""
    if world.fact(OPT_OUTS, f"{account.id}:{number}:{customer}") is not None:
        return
    view = {"text": text[:MAX_BODY], "from": number, "segments": segments.count(text), "reply": True}
    entry = _outbound(world, account, customer, phone, view)
    statuses.plan(world, entry)


def _outbound(world: World, account: TwilioAccount, customer: str, phone: str, view: Json) -> Entry:
    return world.record(
        channel="sms",
        account=account.id,
        customer=customer,
        direction="out",
        provider_id="SM" + token_hex(32),
        kind="text",
        body=view,
        to=phone,
    )


def _keyword(text: str) -> str:
    """STOP, START or HELP when the whole message is one of the words; else empty."""
    word = text.strip().upper()
    return "STOP" if word in _STOP else "START" if word in _START else "HELP" if word in _HELP else ""


def _obey(world: World, account: TwilioAccount, customer: Customer, number: str, keyword: str) -> None:
    """Block or unblock the pair and send Twilio's own text, which the business does not see as its message."""
    key = f"{account.id}:{number}:{customer.id}"
    stopped = world.fact(OPT_OUTS, key) is not None
    if keyword == "STOP":
        if stopped:
            return
        world.put_fact(OPT_OUTS, key, {"at": world.clock.now()})
    elif keyword == "START":
        if not stopped:
            # YES is an ordinary answer unless the customer had stopped.
            return
        world.put_fact(OPT_OUTS, key, None)
    view: Json = {"text": _ANSWERS[keyword], "from": number, "segments": 1, "automatic": True}
    entry = _outbound(world, account, customer.id, customer.phone, view)
    world.note_status(entry, "delivered")
