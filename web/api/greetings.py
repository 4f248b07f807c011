"""Greetings: what the chat widget says by itself, on which pages and to whom, and what came of it."""

from typing import Annotated, Literal

from pydantic import Field

from app.core.clock import iso
from app.core.errors import ChangedMeanwhile, Conflict, Invalid, NotFound
from app.core.permissions import Permission
from automations import greetings
from automations.greetings import Greeting
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Body, Out, Time

_SHOWN_DAYS = 30
_Language = Annotated[str, Field(pattern=r"^[a-z]{2}$")]
_Id = Annotated[str, Field(min_length=1, max_length=100)]


class GreetingWords(Body):
    """`replies` are buttons that answer with their own words."""

    text: Annotated[str, Field(min_length=1, max_length=600, pattern=r"\S")]
    replies: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=40, pattern=r"\S")], ...], Field(max_length=4)
    ] = ()


class GreetingPage(Body):
    """`glob`: `*` stands for anything."""

    how: Literal["contains", "equals", "glob"] = "contains"
    value: Annotated[str, Field(min_length=1, max_length=300, pattern=r"^\S+$")]


class GreetingSettings(Body):
    """
    `pages` empty: everywhere. `seconds` and `scroll` (percent) have both to be reached; `leaving` waits for the pointer
    to leave the page. `often`: once for each visitor, each visit, or every `days`. Higher `priority` goes first.
    `promotional`: not to somebody who ended marketing in this chat. `segment_id` asks for somebody known.
    """

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"\S")]
    active: bool = True
    chat_ids: Annotated[tuple[_Id, ...], Field(min_length=1, max_length=20)]
    from_name: Annotated[str, Field(max_length=60)] = ""
    language: _Language = "en"
    words: Annotated[dict[_Language, GreetingWords], Field(min_length=1, max_length=30)]
    pages: Annotated[tuple[GreetingPage, ...], Field(max_length=10)] = ()
    seconds: Annotated[int, Field(ge=0, le=3_600)] = 15
    scroll: Annotated[int, Field(ge=0, le=100)] = 0
    leaving: bool = False
    visitors: Literal["all", "first", "returning"] = "all"
    often: Literal["visitor", "visit", "days"] = "visitor"
    days: Annotated[int, Field(ge=1, le=365)] = 7
    priority: Annotated[int, Field(ge=0, le=100)] = 50
    calendar_id: _Id | None = None
    online: bool = False
    segment_id: _Id | None = None
    promotional: bool = False


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
        settings=GreetingSettings.model_validate(greeting.settings.model_dump()),
        version=greeting.version,
        shown=sum(day.shown for day in lately),
        opened=sum(day.opened for day in lately),
        answered=sum(day.answered for day in lately),
        created_at=iso(greeting.created_at) or "",
        changed_at=iso(greeting.changed_at) or "",
        changed_by=greeting.changed_by,
    )


def _read(body: GreetingSettings) -> greetings.GreetingSettings:
    return greetings.GreetingSettings.model_validate(body.model_dump(exclude={"version"}))


async def list_greetings(request: ApiRequest) -> Greetings:
    return Greetings(items=[await _out(request, each) for each in await greetings.every(request.ws)])


async def create(request: ApiRequest, body: GreetingSettings) -> GreetingOut:
    return await _out(request, await greetings.create(request.ws, request.actor, _read(body)))


async def get(request: ApiRequest, greeting_id: str) -> GreetingOut:
    return await _out(request, await greetings.get(request.ws, greeting_id))


async def edit(request: ApiRequest, greeting_id: str, body: EditGreeting) -> GreetingOut:
    changed = await greetings.edit(request.ws, request.actor, greeting_id, _read(body), body.version)
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
