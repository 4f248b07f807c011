"""What is settled about marketing: hours, caps, who is left out, and the switch that stops all of it."""

import re
from datetime import datetime
from functools import partial
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import Field
from typing_extensions import TypedDict

from app.core import addresses, audit
from app.core.addresses import Address
from app.core.audit import Target
from app.core.clock import iso
from app.core.errors import Conflict, Invalid, NotFound
from app.core.permissions import Permission
from app.core.runtime import Workspace
from channels import registry
from crm import contacts, fields, gate, pacing
from crm.pacing import Open, Pacing, Stopped, Suppression
from crm.store import pacing as store
from inbox import access, footers, live, signup_forms
from inbox.store import tickets
from web.api import cursors
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Body, Channel, Out, Page, Time

# How WhatsApp names people whose number it does not tell.
_SCOPED_ID = re.compile(r"[A-Z]{2}\.\w")


class PresetOut(Out):
    """What a country wants; `week` begins with Monday."""

    country: str
    week: tuple[Open, ...]
    holidays: bool
    source: str


class StoppedOut(Out):
    at: Time
    by: str
    reason: str


class FooterCountryOut(Out):
    """A country that wants it said in every message how it ends, and where that is written."""

    country: str
    source: str


class PacingOut(Out):
    """`footer_words` are what stands below an advertisement where nothing of one's own is settled, by language."""

    settings: Pacing
    stopped: StoppedOut | None
    presets: list[PresetOut]
    footer_countries: list[FooterCountryOut]
    footer_words: dict[str, str]


class StopMarketing(Body):
    reason: Annotated[str, Field(max_length=500)] = ""


class SuppressionOut(Out):
    id: str
    kind: Literal["address", "contact"]
    label: str
    reason: str
    at: Time
    by: str


class SuppressionsOut(Out):
    items: list[SuppressionOut]
    next_cursor: str | None


class Suppress(Body):
    """Either a handle (`sms:+12025550123`), known or not, or a contact by its id."""

    address: Annotated[str | None, Field(min_length=3, max_length=300)] = None
    contact_id: Annotated[str | None, Field(min_length=1, max_length=100)] = None
    reason: Annotated[str, Field(max_length=500)] = ""


class MarketingNow(TypedDict):
    """Whether marketing may reach this handle now: `yes`, `waits` until a time, or `no`, with the reason to read."""

    channel: Channel
    address: str
    state: Literal["yes", "waits", "no"]
    code: str | None
    reason: str | None
    until: Time | None


class MarketingPage(TypedDict):
    items: list[MarketingNow]


async def _out(ws: Workspace) -> PacingOut:
    settled = await pacing.settled(ws)
    stopped = settled.stopped
    return PacingOut(
        settings=settled.pacing,
        stopped=StoppedOut(at=iso(stopped.at) or "", by=stopped.by, reason=stopped.reason) if stopped else None,
        presets=[
            PresetOut(country=country, week=each.week, holidays=each.holidays, source=each.source)
            for country, each in sorted(pacing.PRESETS.items())
        ],
        footer_countries=[
            FooterCountryOut(country=country, source=source) for country, source in sorted(footers.EVERY_TIME.items())
        ],
        footer_words=dict(footers.WORDS),
    )


async def get_settings(request: ApiRequest) -> PacingOut:
    return await _out(request.ws)


async def save_settings(request: ApiRequest, body: Pacing) -> PacingOut:
    ws = request.ws
    if body.quiet.zone not in available_timezones():
        raise Invalid.field("quiet.zone", "Choose a time zone such as Africa/Accra.")
    if body.quiet.enabled and not any(each.start < each.end for each in body.quiet.week):
        raise Invalid.field("quiet.week", "With these hours marketing could never reach anybody.")
    async with live.announced(ws, "pacing", ws.id):
        await pacing.save(ws, body)
        await audit.record(ws, request.actor, "pacing.changed", Target("workspace", ws.id), {})
        await live.publish(ws, live.event("pacing", {"id": ws.id}))
    return await _out(ws)


async def stop(request: ApiRequest, body: StopMarketing) -> PacingOut:
    stopped = Stopped(at=request.ws.clock.now(), by=request.actor.name, reason=body.reason.strip())
    return await _switch(request, stopped)


async def resume(request: ApiRequest) -> PacingOut:
    return await _switch(request, None)


async def _switch(request: ApiRequest, stopped: Stopped | None) -> PacingOut:
    ws = request.ws
    async with live.announced(ws, "pacing", ws.id):
        await pacing.stop(ws, stopped)
        action = "marketing.stopped" if stopped else "marketing.resumed"
        detail = {"reason": stopped.reason} if stopped else {}
        await audit.record(ws, request.actor, action, Target("workspace", ws.id), detail)
        await live.publish(ws, live.event("pacing", {"id": ws.id}))
    return await _out(ws)


def _suppression(row: Suppression) -> SuppressionOut:
    return SuppressionOut(
        id=row.key, kind=row.kind, label=row.label, reason=row.reason, at=iso(row.at) or "", by=row.by
    )


async def list_suppressions(request: ApiRequest, query: Page) -> SuppressionsOut:
    (at, row_id) = cursors.read(query.cursor, datetime, str) or (None, "")
    before = (at, row_id) if at is not None else None
    rows = await store.suppressions(request.ws, before=before, limit=query.limit + 1)
    shown = rows[: query.limit]
    more = cursors.write(shown[-1].at, shown[-1].id) if len(rows) > query.limit else None
    return SuppressionsOut(items=[_suppression(row) for row in shown], next_cursor=more)


async def suppress(request: ApiRequest, body: Suppress) -> SuppressionOut:
    ws = request.ws
    if (body.address is None) == (body.contact_id is None):
        raise Invalid.field("address", "Give either a handle or a contact.")
    if body.contact_id is not None:
        contact = await access.contact(ws, request.actor, body.contact_id)
        key, label = contact.id, contact.name
    else:
        key = label = str(await _typed(ws, body.address or ""))
    row = Suppression(
        id=key,
        key=key,
        label=label,
        reason=body.reason.strip(),
        at=ws.clock.now(),
        by=request.actor.name,
        kind="contact" if body.contact_id else "address",
    )
    async with live.announced(ws, "suppression", key):
        if not await store.suppress(ws, row):
            raise Conflict("They are on the list already.", code="already_suppressed")
        await audit.record(ws, request.actor, "suppression.added", Target("suppression", key, label), {})
        await live.publish(ws, live.event("suppression", {"id": key}))
    return _suppression(row)


async def _typed(ws: Workspace, text: str) -> Address:
    """As it is kept with contacts, however it was typed: written otherwise it would match nobody. Raises Invalid."""
    given = Address.parse(text)
    kind, value = given.kind.strip().lower(), given.value.strip()
    if kind not in registry.adapters():
        known = ", ".join(sorted(registry.adapters()))
        raise Invalid.field("address", f"There is no channel “{kind}”; there are {known}.")
    if kind in signup_forms.TYPED and not _SCOPED_ID.match(value):
        number = addresses.e164(value, (await fields.get(ws)).region)
        if number is None:
            raise Invalid.field("address", "This is no phone number; write it with its country, as +233…")
        value = number
    return Address(kind, value)


async def unsuppress(request: ApiRequest, suppression_id: str) -> None:
    ws = request.ws
    async with live.announced(ws, "suppression", suppression_id):
        if not await store.unsuppress(ws, suppression_id):
            raise NotFound("This is not on the suppression list.")
        target = Target("suppression", suppression_id, suppression_id)
        await audit.record(ws, request.actor, "suppression.removed", target, {})
        await live.publish(ws, live.event("suppression", {"id": suppression_id}))


async def marketing_now(request: ApiRequest, contact_id: str) -> MarketingPage:
    ws = request.ws
    contact = await access.contact(ws, request.actor, contact_id)
    found: list[MarketingNow] = []
    for row in await contacts.addresses_of(ws, contact.id):
        said: MarketingNow = {
            "channel": row.address.kind,
            "address": str(row.address),
            "state": "yes",
            "code": None,
            "reason": None,
            "until": None,
        }
        try:
            asked = gate.Asked(address=row.address, purpose=gate.MARKETING, sender="")
            until = await gate.ask(ws, asked, complaints=partial(tickets.with_open, ws))
            if until is not None:
                said |= {"state": "waits", "code": "quiet_hours", "until": iso(until)}
        except Conflict as refused:
            said |= {"state": "no", "code": refused.code, "reason": refused.detail}
        found.append(said)
    return {"items": found}


_MANAGE = Permission.CONSENT_MANAGE

ENDPOINTS = [
    Endpoint("GET", "/pacing", get_settings, Permission.CONTACTS_READ, "What is settled about marketing"),
    Endpoint("PUT", "/pacing", save_settings, _MANAGE, "Settle it: all of it at once", errors=(Invalid,)),
    Endpoint("POST", "/pacing/stop", stop, _MANAGE, "Stop all marketing, everywhere, within seconds"),
    Endpoint("POST", "/pacing/resume", resume, _MANAGE, "Let marketing go on"),
    Endpoint("GET", "/suppressions", list_suppressions, Permission.CONTACTS_READ, "Who is left out, the newest first"),
    Endpoint(
        "POST",
        "/suppressions",
        suppress,
        _MANAGE,
        "Leave somebody out of all marketing",
        status=201,
        errors=(Invalid, NotFound, Conflict),
    ),
    Endpoint(
        "DELETE", "/suppressions/{suppression_id}", unsuppress, _MANAGE, "Leave them out no more", errors=(NotFound,)
    ),
    Endpoint(
        "GET",
        "/contacts/{contact_id}/marketing",
        marketing_now,
        Permission.CONTACTS_READ,
        "Whether marketing may reach this contact now, and if not, why",
        errors=(NotFound,),
    ),
]
