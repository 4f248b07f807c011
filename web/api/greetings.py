"""Greetings: what the chat widget says by itself, on which pages and to whom, and what came of it."""

from typing import Annotated

from pydantic import Field

from app.core.clock import iso
from app.core.errors import ChangedMeanwhile, Conflict, Invalid, NotFound
from app.core.permissions import Permission
from automations import greetings
from automations.greetings import Greeting, GreetingSettings
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Out, Time

_SHOWN_DAYS = 30


class EditGreeting(GreetingSettings):
    """`version`: the one that was read."""

    version: Annotated[int, Field(ge=1)]


class GreetingOut(Out):
    """Figures are of the last 30 days."""

    id: str
    settings: GreetingSettings
    version: int
    shown: int
    opened: int
    answered: int
    created_at: Time
    changed_at: Time
    changed_by: str


class Greetings(Out):
    items: list[GreetingOut]


async def _out(request: ApiRequest, greeting: Greeting) -> GreetingOut:
    lately = await greetings.figures(request.ws, greeting.id, _SHOWN_DAYS)
    return GreetingOut(
        id=greeting.id,
        settings=greeting.settings,
        version=greeting.version,
        shown=sum(day.shown for day in lately),
        opened=sum(day.opened for day in lately),
        answered=sum(day.answered for day in lately),
        created_at=iso(greeting.created_at) or "",
        changed_at=iso(greeting.changed_at) or "",
        changed_by=greeting.changed_by,
    )


async def list_greetings(request: ApiRequest) -> Greetings:
    return Greetings(items=[await _out(request, each) for each in await greetings.every(request.ws)])


async def create(request: ApiRequest, body: GreetingSettings) -> GreetingOut:
    return await _out(request, await greetings.create(request.ws, request.actor, body))


async def get(request: ApiRequest, greeting_id: str) -> GreetingOut:
    return await _out(request, await greetings.get(request.ws, greeting_id))


async def edit(request: ApiRequest, greeting_id: str, body: EditGreeting) -> GreetingOut:
    settings = GreetingSettings.model_validate(body.model_dump(exclude={"version"}))
    changed = await greetings.edit(request.ws, request.actor, greeting_id, settings, body.version)
    return await _out(request, changed)


async def delete(request: ApiRequest, greeting_id: str) -> None:
    await greetings.delete(request.ws, request.actor, greeting_id)


_READ, _WRITE = Permission.BROADCASTS_READ, Permission.BROADCASTS_WRITE

ENDPOINTS = [
    Endpoint("GET", "/greetings", list_greetings, _READ, "Greetings of the chat widget, in the order they are tried"),
    Endpoint("POST", "/greetings", create, _WRITE, "Make a greeting", status=201, errors=(Invalid, Conflict)),
    Endpoint("GET", "/greetings/{greeting_id}", get, _READ, "One greeting", errors=(NotFound,)),
    Endpoint(
        "PUT",
        "/greetings/{greeting_id}",
        edit,
        _WRITE,
        "Change a greeting, switch it on or off",
        errors=(NotFound, Invalid, ChangedMeanwhile),
    ),
    Endpoint(
        "DELETE",
        "/greetings/{greeting_id}",
        delete,
        _WRITE,
        "Delete a greeting; what was answered stays on the timelines",
        status=204,
        errors=(NotFound,),
    ),
]
