"""
When a contact and we wrote to each other lately: folded from the timeline, so that rules count messages without reading
it again. Kept of each contact are the newest times in each direction, as many as a rule may ask for and one more.

Entries are numbered without gaps, so what has been counted is one number, and counting twice changes nothing. An entry
keeps its contact for ever: of a merged contact those of all its members are added up (see crm/contacts.py, absorbed).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from app.core.rules import MOST_COUNTED, Event, Field
from app.core.runtime import Workspace
from channels import registry
from inbox.store import traffic as store

MESSAGE_IN = "message_in"
MESSAGE_OUT = "message_out"
_CHANNEL = Field("channel", "Channel", "choice", options=tuple((kind, kind) for kind in sorted(registry.adapters())))
EVENTS = (Event(MESSAGE_IN, "Wrote to us", (_CHANNEL,)), Event(MESSAGE_OUT, "Was written to", (_CHANNEL,)))
_WIDTH = 1_000


@dataclass(frozen=True, slots=True)
class Written:
    """One message, and on which channel."""

    at: datetime
    channel: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """`counted` is the number of the last entry that is in it; the newest messages, the oldest of them first."""

    contact_id: str
    counted: int = 0
    received: tuple[Written, ...] = ()
    sent: tuple[Written, ...] = ()


@dataclass(frozen=True, slots=True)
class Counted:
    """What of an entry counts; `direction` None: it is no message."""

    contact_id: str
    number: int
    direction: str | None
    written: Written


def folded(known: Traffic, entries: Iterable[Counted]) -> Traffic:
    """With these entries counted in; those that are in it already are passed over."""
    for entry in sorted(entries, key=lambda each: each.number):
        if entry.number <= known.counted:
            continue
        known = replace(known, counted=entry.number)
        if entry.direction == "in":
            known = replace(known, received=_kept((*known.received, entry.written)))
        elif entry.direction == "out":
            known = replace(known, sent=_kept((*known.sent, entry.written)))
    return known


def _kept(written: tuple[Written, ...]) -> tuple[Written, ...]:
    # A channel that is asked for leaves fewer, so it may count too low from here on for who writes that much.
    return written[-(MOST_COUNTED + 1) :]


async def fold(ws: Workspace, contact_ids: Sequence[str]) -> dict[str, Traffic]:
    """Of these contacts, with all that is on their timelines now. One process at a time does it."""
    known = await store.of(ws, contact_ids)
    found: dict[str, Traffic] = {}
    for contact_id in contact_ids:
        before = known.get(contact_id) or Traffic(contact_id=contact_id)
        now = before
        while rows := await store.entries_after(ws, contact_id, now.counted, width=_WIDTH):
            now = folded(now, rows)
        if now != before:
            await store.save(ws, now)
        if now.counted:
            found[contact_id] = now
    return found


async def fold_range(ws: Workspace, after: str, last: str, contact_ids: Sequence[str]) -> dict[str, Traffic]:
    """Of these contacts, whose ids lie behind `after` and up to `last` with few others between: those new in bulk."""
    known = await store.within(ws, after, last)
    entries = await store.entries_within(ws, after, last)
    if entries is None:
        # Some of them have long stories: each is read by itself, what is counted once is not read again.
        return await fold(ws, contact_ids)
    found: dict[str, Traffic] = {}
    new: list[Traffic] = []
    for contact_id in {*known, *entries}:
        before = known.get(contact_id) or Traffic(contact_id=contact_id)
        now = found[contact_id] = folded(before, entries.get(contact_id, ()))
        if contact_id not in known:
            new.append(now)
        elif now != before:
            await store.save(ws, now)
    await store.insert(ws, new)
    return found


async def forget(ws: Workspace, contact_ids: Sequence[str]) -> None:
    """Of contacts that are erased."""
    await store.delete(ws, contact_ids)
