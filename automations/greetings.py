"""
Greetings: what the chat widget says by itself on some pages, and what came of it.

A site's pages get the rules with the widget's looks and judge them in the browser. When one fits, the browser asks here
whether it may be shown now, and gets its words with a mark. Nothing is kept of a visitor who does not answer; who does
sends the mark along, and the words in it become the first message of the conversation.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.core import audit, days, ids, presence
from app.core.addresses import Address
from app.core.audit import Target
from app.core.calendars import open_at
from app.core.clock import from_unix
from app.core.errors import Change, ChangedMeanwhile, Conflict, FieldError, Invalid, NotFound
from app.core.kept import Kept
from app.core.permissions import Actor
from app.core.presence import Presence
from app.core.runtime import Workspace
from automations import segments
from automations.store import greetings as store
from channels import registry
from channels.contract import GivesSnippet
from crm import consent, contacts, gate, pacing
from crm.contacts import ContactAddress
from inbox import live
from inbox.routing import calendars
from inbox.usage import Use

MOST = 100
MOST_RULES = 20
_KEPT_SECONDS = 1.0
# Somebody may answer what a page that stayed open has shown long ago.
_MARK_DAYS = 7
_Language = Annotated[str, Field(pattern=r"^[a-z]{2}$")]
_Id = Annotated[str, Field(min_length=1, max_length=100)]


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class GreetingWords(Part):
    """Web addresses in the text can be clicked; `replies` are buttons that answer with their own words."""

    text: Annotated[str, Field(min_length=1, max_length=600, pattern=r"\S")]
    replies: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=40, pattern=r"\S")], ...], Field(max_length=4)
    ] = ()


class GreetingPage(Part):
    """Of a page's address: it contains this, is this, or looks like this (`*` stands for anything)."""

    how: Literal["contains", "equals", "glob"] = "contains"
    value: Annotated[str, Field(min_length=1, max_length=300, pattern=r"^\S+$")]


class GreetingSettings(Part):
    """
    `pages` empty: on every page. `seconds` on the page and `scroll` (percent of it) have both to be reached; `leaving`
    waits for the pointer to leave the page at its top. `often`: once for each visitor, each visit, or every `days`.
    The higher `priority` (0-100) goes first. `promotional`: not to somebody who ended marketing in this chat.
    `segment_id` asks for somebody known.
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

    def words_in(self, language: str) -> GreetingWords:
        return self.words.get(language) or self.words[self.language]


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting:
    id: str
    settings: GreetingSettings
    version: int
    created_at: datetime
    changed_at: datetime
    changed_by: str


class Said(Part):
    """What a visitor was shown, and when (Unix milliseconds); the words of a mark."""

    greeting: str
    name: str
    by: str
    text: str
    replies: tuple[str, ...]
    at: int


# --- keeping ------------------------------------------------------------------------------------------------------


async def every(ws: Workspace) -> list[Greeting]:
    """In the order in which they go first."""
    return await store.every(ws)


async def get(ws: Workspace, greeting_id: str) -> Greeting:
    """Raises NotFound."""
    found = await store.get(ws, greeting_id)
    if found is None:
        raise NotFound("There is no such greeting.")
    return found


async def create(ws: Workspace, actor: Actor, settings: GreetingSettings) -> Greeting:
    """Raises Invalid, Conflict (too many)."""
    if len(await store.every(ws)) >= MOST:
        raise Conflict(f"There may be {MOST} greetings.", code="too_many")
    await _check(ws, settings)
    now = ws.clock.now()
    made = Greeting(
        id=ids.new("gre"), settings=settings, version=1, created_at=now, changed_at=now, changed_by=actor.name
    )
    await store.insert(ws, made)
    await _tell(ws, actor, "created", made)
    return made


async def edit(ws: Workspace, actor: Actor, greeting_id: str, settings: GreetingSettings, version: int) -> Greeting:
    """Raises NotFound, Invalid, ChangedMeanwhile."""
    now = await get(ws, greeting_id)
    await _check(ws, settings)
    wanted = replace(now, settings=settings, version=version + 1, changed_at=ws.clock.now(), changed_by=actor.name)
    if now.version != version or not await store.save(ws, wanted):
        raise ChangedMeanwhile(
            f"{now.changed_by} has just changed this greeting. Look at it again.", Change("greeting")
        )
    await _tell(ws, actor, "changed", wanted)
    return wanted


async def delete(ws: Workspace, actor: Actor, greeting_id: str) -> None:
    """What was answered stays on the timelines. Raises NotFound."""
    found = await get(ws, greeting_id)
    await store.delete(ws, greeting_id)
    await _tell(ws, actor, "deleted", found)


async def _tell(ws: Workspace, actor: Actor, done: str, greeting: Greeting) -> None:
    _active.forget(ws)
    await audit.record(ws, actor, f"greeting.{done}", Target("greeting", greeting.id, greeting.settings.name))
    await live.publish(ws, live.event("greeting", {"id": greeting.id}))


async def _check(ws: Workspace, settings: GreetingSettings) -> None:
    known = {row.id: row for row in await ws.runtime.accounts.of_workspace(ws.id)}
    wrong = [
        FieldError(f"chat_ids.{at}", "There is no such web chat.")
        for at, account_id in enumerate(settings.chat_ids)
        if account_id not in known or not isinstance(registry.adapter(known[account_id].kind), GivesSnippet)
    ]
    if settings.language not in settings.words:
        wrong.append(FieldError("words", "The greeting's own language has no words."))
    wrong += [
        FieldError(f"words.{language}.replies", "Two buttons say the same.")
        for language, words in settings.words.items()
        if len(set(words.replies)) < len(words.replies)
    ]
    if wrong:
        raise Invalid(wrong[0].message if len(wrong) == 1 else "Some values are not right.", errors=tuple(wrong))
    await calendars.require(ws, settings.calendar_id)
    if settings.segment_id is not None and settings.segment_id not in {each.id for each in await segments.every(ws)}:
        raise Invalid.field("segment_id", "There is no such segment.")


async def using_calendar(ws: Workspace, calendar_id: str) -> list[Use]:
    return [
        Use("greeting", each.id, each.settings.name)
        for each in await store.every(ws)
        if each.settings.calendar_id == calendar_id
    ]


# --- showing ------------------------------------------------------------------------------------------------------


async def _stored(ws: Workspace) -> list[Greeting]:
    return [each for each in await store.every(ws) if each.settings.active]


_active = Kept(_stored, _KEPT_SECONDS)


async def rules(ws: Workspace, account_id: str) -> list[dict[str, Any]]:
    """What a browser needs to judge which greeting fits, in the order to be tried; none while marketing is stopped."""
    if (await pacing.settled(ws)).stopped is not None:
        return []
    found = [each for each in await _active.of(ws) if account_id in each.settings.chat_ids]
    named = {"pages", "seconds", "scroll", "leaving", "visitors", "often", "days"}
    return [{"id": each.id, **each.settings.model_dump(mode="json", include=named)} for each in found[:MOST_RULES]]


async def show(
    ws: Workspace, account_id: str, greeting_id: str, *, addresses: Sequence[str], language: str
) -> dict[str, Any] | None:
    """
    The words of a greeting and their mark, if it may be shown now to whoever has these addresses (none: nobody knows
    them). Counts it as shown.
    """
    found = next((each for each in await _active.of(ws) if each.id == greeting_id), None)
    if (
        found is None
        or account_id not in found.settings.chat_ids
        or not await _may_show(ws, found, addresses, account_id)
    ):
        return None
    settings = found.settings
    words = settings.words_in(language[:2].lower())
    said = Said(
        greeting=found.id,
        name=settings.name,
        by=settings.from_name,
        text=words.text,
        replies=words.replies,
        at=int(ws.clock.now().timestamp() * 1000),
    )
    await count(ws, found.id, "shown")
    return {
        "mark": mark(ws, account_id, said),
        "by": said.by,
        "text": said.text,
        "replies": said.replies,
        "at": said.at,
    }


async def _may_show(ws: Workspace, greeting: Greeting, addresses: Sequence[str], account_id: str) -> bool:
    settings = greeting.settings
    if (await pacing.settled(ws)).stopped is not None:
        return False
    if settings.calendar_id is not None and not open_at(await calendars.of(ws, settings.calendar_id), ws.clock.now()):
        return False
    if settings.online and Presence.ONLINE not in (await presence.everybody(ws)).values():
        return False
    if settings.segment_id is None and not settings.promotional:
        return True
    known = await contacts.all_known(ws, [Address.parse(each) for each in addresses]) if addresses else []
    now = ws.clock.now()
    if settings.promotional and any(_wants_none(row, account_id, now) for row in known):
        return False
    people = list({row.contact_id for row in known})
    return settings.segment_id is None or bool(people and await segments.among(ws, settings.segment_id, people))


def _wants_none(row: ContactAddress, account_id: str, now: datetime) -> bool:
    """A stop, a block or a pause, or words that may be a stop; no agreement is needed for what stands on a page."""
    said = consent.refusal(row, gate.MARKETING, now, account_id)
    return said is not None and said[0] in ("blocked", "opted_out", "held", "paused")


def mark(ws: Workspace, account_id: str, said: Said) -> str:
    """Says later what was shown: nobody but us can have made it."""
    text = base64.urlsafe_b64encode(said.model_dump_json().encode()).decode()
    return f"{text}.{ws.runtime.keyring.sign(f'greeting|{account_id}|{text}')}"


def marked(ws: Workspace, account_id: str, given: str) -> Said | None:
    """What a mark says; None if it is not one of ours, or too old."""
    text, _, signature = given.rpartition(".")
    if not ws.runtime.keyring.verify(f"greeting|{account_id}|{text}", signature):
        return None
    try:
        said = Said.model_validate_json(base64.urlsafe_b64decode(text))
    except (ValueError, ValidationError):
        return None
    return said if ws.clock.now() - from_unix(said.at / 1000) < timedelta(days=_MARK_DAYS) else None


# --- figures ------------------------------------------------------------------------------------------------------


async def count(ws: Workspace, greeting_id: str, what: Literal["shown", "opened", "answered"]) -> None:
    await store.count(ws, greeting_id, days.of("UTC", ws.clock.now()), what)


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    shown: int
    opened: int
    answered: int


async def figures(ws: Workspace, greeting_id: str, number: int) -> Sequence[Day]:
    """The last so many days, each of them; days are those of UTC."""
    since = days.of("UTC", ws.clock.now()) - timedelta(days=number - 1)
    rows: Mapping[str, Any] = {row["day"]: row for row in await store.since(ws, greeting_id, since)}
    found = []
    for day in (since + timedelta(days=after) for after in range(number)):
        row = rows.get(day.isoformat(), {})
        found.append(Day(day, row.get("shown", 0), row.get("opened", 0), row.get("answered", 0)))
    return found
