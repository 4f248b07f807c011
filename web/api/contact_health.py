"""How well things stand with contacts: one contact's score with its reasons, and what the parts weigh."""

from typing import Literal

from typing_extensions import TypedDict

from app.core import audit
from app.core.audit import Target
from app.core.clock import iso
from app.core.errors import Invalid, NotFound
from app.core.permissions import Permission
from crm.contact_health import Health, HealthSettings, PartName, Risk
from crm.store.contact_health import Looking
from inbox import access, contact_health, live
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Out, Time


class HealthPartShape(TypedDict):
    """`value` is what this part comes to by itself, from 0 to 100, `weight` what it counts beside the others."""

    name: PartName
    value: int
    weight: int
    words: str


class HealthShape(TypedDict):
    score: int
    risk: Risk
    parts: list[HealthPartShape]
    at: Time


class ContactHealthShape(TypedDict):
    """`health` null: nothing is known yet that weighs anything, or it is switched off."""

    state: Literal["on", "off"]
    health: HealthShape | None


class ContactHealthOut(Out):
    """`running`: all contacts are just being looked through, `looked_at` so far; `total` the last time."""

    settings: HealthSettings
    running: bool
    looked_at: int
    total: int
    started_at: Time | None


def shape(health: Health | None) -> HealthShape | None:
    if health is None:
        return None
    parts: list[HealthPartShape] = [
        {"name": part.name, "value": part.value, "weight": part.weight, "words": part.words} for part in health.parts
    ]
    return {"score": health.score, "risk": health.risk, "parts": parts, "at": iso(health.at) or ""}


def _out(known: Looking) -> ContactHealthOut:
    return ContactHealthOut(
        settings=known.settings,
        running=known.running,
        looked_at=known.looked_at,
        total=known.total,
        started_at=iso(known.started_at),
    )


async def get(request: ApiRequest, contact_id: str) -> ContactHealthShape:
    contact = await access.contact(request.ws, request.actor, contact_id)
    known = await contact_health.looking(request.ws)
    if not known.settings.enabled:
        return {"state": "off", "health": None}
    return {"state": "on", "health": shape(await contact_health.of(request.ws, contact))}


async def get_settings(request: ApiRequest) -> ContactHealthOut:
    return _out(await contact_health.looking(request.ws))


async def save_settings(request: ApiRequest, body: HealthSettings) -> ContactHealthOut:
    ws = request.ws
    async with live.announced(ws, "contact_health", ws.id):
        known = await contact_health.save(ws, body)
        await audit.record(ws, request.actor, "contact_health.changed", Target("workspace", ws.id), body.model_dump())
        await live.publish(ws, live.event("contact_health", {"id": ws.id}))
    return _out(known)


ENDPOINTS = [
    Endpoint(
        "GET",
        "/contacts/{contact_id}/health",
        get,
        Permission.CONTACTS_READ,
        "How well things stand with them now, and why",
        errors=(NotFound,),
    ),
    Endpoint("GET", "/contact-health", get_settings, Permission.CONTACTS_READ, "What health scores are made of"),
    Endpoint(
        "PUT",
        "/contact-health",
        save_settings,
        Permission.INBOX_MANAGE,
        "Change what the parts weigh and where risks begin; everybody is looked at anew",
        errors=(Invalid,),
    ),
]
