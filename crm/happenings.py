"""
What happened with a contact, for rules that count: pages they looked at, events that a shop or an app tells of, and
what became of campaigns. Appended in bulk and never changed; told twice, kept once.

They are no part of the timeline: a person reads what was written, a rule counts what was done. An entry keeps the
contact that it happened with for ever; of a merged contact those of all its members are counted.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from app.core import ids
from app.core.errors import FieldError, Invalid
from app.core.rules import Event, Field, Type
from app.core.runtime import Workspace
from crm import changes
from crm.store import happenings as store

Attribute = str | float | bool

PAGE_VIEW = "page_view"
SENT, CLICKED, REPLIED = "campaign_sent", "campaign_clicked", "campaign_replied"
# Stored nowhere: derived from what was sent and what providers have reported of it (see inbox/mailings/engagement.py).
DELIVERED, READ = "campaign_delivered", "campaign_read"
REPORTED = (DELIVERED, READ)
MOST_AT_ONCE = 1_000
MOST_KINDS = 200
MOST_ATTRIBUTES = 30
MOST_CHARS = 500
# Clocks of others may be ahead.
_AHEAD = timedelta(minutes=5)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_MOST_NUMBER = 2**53
_CAMPAIGN = (Field("broadcast", "Broadcast", "choice", refers_to="broadcast"), Field("channel", "Channel", "choice"))
# Those that Parley tells of itself; events of others have names of their own.
OURS: tuple[Event, ...] = (
    Event(
        PAGE_VIEW,
        "Looked at a page",
        (Field("url", "Address", "text"), Field("title", "Title", "text"), Field("host", "Site", "text")),
    ),
    Event(SENT, "Was sent a broadcast", _CAMPAIGN),
    Event(DELIVERED, "Got a broadcast", _CAMPAIGN),
    Event(READ, "Read a broadcast", _CAMPAIGN),
    Event(CLICKED, "Clicked in a broadcast", _CAMPAIGN),
    Event(REPLIED, "Replied to a broadcast", _CAMPAIGN),
)
_RESERVED = frozenset(event.name for event in OURS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """
    `kind` is one of OURS or a name of the workspace's own; `id` makes it one for its contact, however often it is told.
    """

    contact_id: str
    kind: str
    at: datetime
    id: str
    attributes: Mapping[str, Attribute] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind that has been told of, and what was told beside it: attributes by name, with their types."""

    name: str
    attributes: Mapping[str, Type]


def of_campaign(kind: str, contact_id: str, ref: str, broadcast_id: str, channel: str, at: datetime) -> Happening:
    """What became of one message (`ref`) of a broadcast: once, however often it is told."""
    attributes = {"broadcast": broadcast_id, "channel": channel}
    return Happening(contact_id=contact_id, kind=kind, at=at, id=f"{kind}/{ref}", attributes=attributes)


def message_of(told: Happening) -> str:
    """Of which message of a broadcast this was told."""
    return told.id.partition("/")[2]


def of_message(told: Happening, kind: str, at: datetime) -> Happening:
    """Something else that became of the same message."""
    return replace(told, kind=kind, at=at, id=f"{kind}/{message_of(told)}")


def checked(kind: str, at: datetime, attributes: Mapping[str, Attribute], now: datetime, place: str) -> None:
    """Whether others may tell this. Raises Invalid, naming what is wrong below `place`."""
    wrong: list[FieldError] = []
    if not _NAME.fullmatch(kind) or (kind in _RESERVED and kind != PAGE_VIEW):
        wrong.append(FieldError(f"{place}.kind", "A name of your own in small letters, digits and _, or page_view."))
    if at > now + _AHEAD:
        wrong.append(FieldError(f"{place}.at", "Nothing has happened in the future."))
    if len(attributes) > MOST_ATTRIBUTES:
        wrong.append(FieldError(f"{place}.attributes", f"Give at most {MOST_ATTRIBUTES} attributes."))
    for name, value in attributes.items():
        if not _NAME.fullmatch(name) or name == "at":
            words = "A name in small letters, digits and _ (`at` is taken)."
        elif isinstance(value, str) and len(value) > MOST_CHARS:
            words = f"Texts have at most {MOST_CHARS} characters."
        elif isinstance(value, int | float) and not abs(value) < _MOST_NUMBER:
            words = "This number is too large."
        else:
            continue
        wrong.append(FieldError(f"{place}.attributes.{name[:40]}", words))
    if wrong:
        raise Invalid(wrong[0].message if len(wrong) == 1 else "Some events are not right.", errors=tuple(wrong))


async def append(ws: Workspace, told: Sequence[Happening]) -> int:
    """How many of them are new. In one command; those that were told before stay as they are."""
    if not told:
        return 0
    await _note_kinds(ws, told)
    rows = {ids.derived("hap", ws.id, each.contact_id, each.id): each for each in told}
    async with changes.of(ws, dict.fromkeys(each.contact_id for each in told)):
        known = await store.insert(ws, rows)
    return len(rows) - len(known)


async def of(ws: Workspace, contact_id: str, kind: str, since: datetime | None = None) -> list[Happening]:
    """In the order in which they happened."""
    found = await store.of_contacts(ws, [contact_id], {kind: since})
    return sorted(found, key=lambda each: (each.at, each.id))


async def everything(ws: Workspace, contact_ids: Sequence[str]) -> list[Happening]:
    """All that is kept of these, in the order in which it happened."""
    return sorted(await store.everything(ws, contact_ids), key=lambda each: (each.at, each.id))


async def forget(ws: Workspace, contact_ids: Sequence[str]) -> int:
    """All that happened with contacts that are erased; how many there were."""
    return await store.delete(ws, contact_ids)


async def of_each(
    ws: Workspace, contact_ids: Sequence[str], asked: Sequence[str], since: datetime | None = None
) -> list[Happening]:
    """Those of these kinds, of many contacts, in no order."""
    return await store.of_contacts(ws, contact_ids, dict.fromkeys(asked, since))


async def kinds(ws: Workspace) -> list[Kind]:
    """Of the workspace's own, by name."""
    return sorted(await store.kinds(ws), key=lambda kind: kind.name)


async def events(ws: Workspace) -> tuple[Event, ...]:
    """What rules can count: ours, and what has been told of so far."""
    own = [
        Event(
            kind.name,
            kind.name.replace("_", " ").capitalize(),
            tuple(Field(name, name.replace("_", " ").capitalize(), kind.attributes[name]) for name in kind.attributes),
        )
        for kind in await kinds(ws)
        if kind.name not in _RESERVED
    ]
    return (*OURS, *own)


async def _note_kinds(ws: Workspace, told: Sequence[Happening]) -> None:
    """Remembers what there is to be asked for. An attribute is of the type that it first had."""
    seen: dict[str, dict[str, Type]] = {}
    for each in told:
        if each.kind not in _RESERVED:
            types = seen.setdefault(each.kind, {})
            for name, value in each.attributes.items():
                types.setdefault(name, _type(value))
    if not seen:
        return
    known = {kind.name: kind for kind in await store.kinds(ws)}
    if len(known.keys() | seen.keys()) > MOST_KINDS:
        raise Invalid.field("kind", f"There may be {MOST_KINDS} kinds of events.")
    for name, types in seen.items():
        before = known[name].attributes if name in known else {}
        new = {each: kind for each, kind in types.items() if each not in before}
        if name not in known or new:
            room = MOST_ATTRIBUTES - len(before)
            await store.note_kind(ws, name, dict(list(new.items())[: max(0, room)]))


def _type(value: Attribute) -> Type:
    if isinstance(value, bool):
        return "boolean"
    return "text" if isinstance(value, str) else "number"
