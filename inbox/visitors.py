"""
Visitors of the web chat: who holds a browser's token, which addresses are theirs, and what they may read.

A visitor sees the messages of their own addresses on their own site and nothing else: no notes, no other channel, no
other address of the same contact. A browser that signs in as somebody keeps what it wrote before as a second address;
one that signs in as somebody else is a new visitor, who sees nothing of the one before.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import floor
from typing import Any

from app.core import ids
from app.core.addresses import Address
from app.core.errors import AppError
from app.core.runtime import Workspace
from app.core.security import hash_token, random_token
from channels.contract import DeliveryStatus
from crm import contacts
from inbox import live, story, timeline
from inbox.conversations import Conversation
from inbox.store import conversations as conversation_store
from inbox.store import entries as entry_store
from inbox.store import visitors as store
from inbox.story import Placed
from inbox.timeline import Entry

# Sliding. A browser that never wrote has nothing to come back to.
KEPT_DAYS = 180
KEPT_SILENT_DAYS = 2
# How long after its end a signed identity still does for the browser that was bound to it while it was good: a page
# left open over night reconnects without being loaded again.
GRACE = timedelta(hours=24)
# What a returning browser is given at most, of each contact; it keeps as much itself.
HISTORY = 100
# Entries looked through for that, and entries before the cursor that are looked at again for changes.
_MOST_READ = 1_000
# A page of what is older than that; a few more if they stand on the same page of the timeline.
_EARLIER = 30
_LOOK_BACK = 100
_CLOCK_SLACK = timedelta(seconds=60)
_TOUCH_EVERY = timedelta(hours=6)
_TOKEN_PREFIX = "vt"  # noqa: S105 -- what a token begins with
_TOKEN_CHARS = 46

# A message of ours is shown once it was handed over: until then the gate may still hold it back.
SHOWN = frozenset(status.value for status in (DeliveryStatus.SENT, DeliveryStatus.DELIVERED, DeliveryStatus.READ))


class IdentityNeeded(AppError):
    """The browser's token belongs to somebody signed in (or the site asks for that), and nobody is."""

    status, title, code = 401, "Sign in to chat", "identity_needed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """
    One browser on one site. `session` names it for ever; `address` is where answers go, `alias` the anonymous address
    it had before its person signed in. `subject` is the site's own id of that person.
    """

    session: str
    account_id: str
    kind: str
    address: str
    alias: str | None = None
    subject: str | None = None
    name: str
    email: str | None = None
    language: str | None = None
    wrote: bool = False
    created_at: datetime
    seen_at: datetime
    expires_at: datetime

    @property
    def addresses(self) -> tuple[str, ...]:
        """As entries carry them."""
        values = (self.address, self.alias) if self.alias else (self.address,)
        return tuple(str(Address(self.kind, value)) for value in values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody whom the site's server has signed for. `expired_since`: how long ago the proof ended."""

    subject: str
    name: str | None = None
    email: str | None = None
    expired_since: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Admitted:
    """`token` is set if the browser has to keep a new one; `fresh` if what it remembers is not this visitor's."""

    visitor: Visitor
    token: str
    token_is_new: bool
    fresh: bool


async def by_token(ws: Workspace, account_id: str, token: object) -> Visitor | None:
    """Whose token this is, on this site."""
    if not isinstance(token, str) or len(token) != _TOKEN_CHARS or not token.startswith(f"{_TOKEN_PREFIX}_"):
        return None
    visitor = await store.get(ws, hash_token(token))
    if visitor is None or visitor.account_id != account_id or visitor.expires_at <= ws.clock.now():
        return None
    return visitor


async def admit(
    ws: Workspace,
    *,
    account_id: str,
    kind: str,
    known: Visitor | None,
    token: str,
    person: Person | None,
    language: str | None,
) -> Admitted:
    """
    The visitor behind a browser: `known` by its `token`, signed in as `person`, or new.

    Raises IdentityNeeded when the token is bound to a person and nobody is signed in, or the proof is too old.
    """
    if person is not None and person.expired_since is not None:
        bound = known is not None and known.subject == person.subject
        if not bound or person.expired_since > GRACE:
            raise IdentityNeeded("The proof of who you are has ended; load the page again.", code="identity_expired")
    if known is not None and known.subject is not None and person is None:
        raise IdentityNeeded("This chat belongs to somebody who is signed in.")
    if known is None or (person is not None and known.subject not in (None, person.subject)):
        visitor, made = await _create(ws, account_id=account_id, kind=kind, person=person, language=language)
        return Admitted(visitor, made, token_is_new=True, fresh=True)
    visitor = await _recognised(ws, known, hash_token(token), person, language)
    return Admitted(visitor, token, token_is_new=False, fresh=False)


async def _create(
    ws: Workspace, *, account_id: str, kind: str, person: Person | None, language: str | None
) -> tuple[Visitor, str]:
    now, session, token = ws.clock.now(), ids.new("vis"), random_token(_TOKEN_PREFIX)
    visitor = Visitor(
        session=session,
        account_id=account_id,
        kind=kind,
        address=signed(person) if person else session,
        subject=person.subject if person else None,
        name=(person.name if person else None) or _nickname(session),
        email=person.email if person else None,
        language=language,
        created_at=now,
        seen_at=now,
        expires_at=now + timedelta(days=KEPT_SILENT_DAYS),
    )
    await store.insert(ws, hash_token(token), visitor)
    return visitor, token


async def _recognised(
    ws: Workspace, known: Visitor, token_hash: str, person: Person | None, language: str | None
) -> Visitor:
    """The visitor as they are now: signed in since, seen again, under a newer name."""
    now = ws.clock.now()
    visitor = replace(known, language=language or known.language)
    if person is not None:
        if known.subject is None:
            alias = known.address if known.wrote else None
            visitor = replace(visitor, address=signed(person), alias=alias, subject=person.subject)
        visitor = replace(visitor, name=person.name or visitor.name, email=person.email or visitor.email)
    if visitor != known or now - known.seen_at > _TOUCH_EVERY:
        days = KEPT_DAYS if visitor.wrote else KEPT_SILENT_DAYS
        visitor = replace(visitor, seen_at=now, expires_at=now + timedelta(days=days))
        await _save(ws, token_hash, known, visitor)
    return visitor


async def note_writing(ws: Workspace, token: str, visitor: Visitor) -> Visitor:
    """They are about to write: from now on their token is kept for long."""
    now = ws.clock.now()
    changed = replace(visitor, wrote=True, seen_at=now, expires_at=now + timedelta(days=KEPT_DAYS))
    await _save(ws, hash_token(token), visitor, changed)
    return changed


async def introduce(ws: Workspace, token: str, visitor: Visitor, *, name: str | None, email: str | None) -> Visitor:
    """They told their name or e-mail. What the site has signed is not overwritten by what somebody types."""
    if visitor.subject is not None:
        return visitor
    changed = replace(visitor, name=name or visitor.name, email=email or visitor.email)
    await _save(ws, hash_token(token), visitor, changed)
    return changed


async def sign_out(ws: Workspace, token: str, visitor: Visitor) -> None:
    """The token opens nothing any more, and what it has opened in other tabs is told to close."""
    async with live.announced(ws, "visitor", visitor.session):
        await store.delete(ws, hash_token(token))
        await live.publish(ws, live.event("visitor", {"id": visitor.session}))


async def _save(ws: Workspace, token_hash: str, old: Visitor, new: Visitor) -> None:
    changes = {name: value for name in Visitor.__slots__ if (value := getattr(new, name)) != getattr(old, name)}
    if changes:
        await store.update(ws, token_hash, changes)


def signed(person: Person) -> str:
    """The handle of somebody whom a site has signed for."""
    return f"user:{person.subject}"


def mark(ws: Workspace, account_id: str, session: str) -> str:
    """Tells us later which visitor it was: the widget hands it back with what was typed into a form."""
    return f"{session}.{ws.runtime.keyring.sign(f'visitor|{account_id}|{session}')}"


def marked(ws: Workspace, account_id: str, text: str) -> str | None:
    """Whose mark this is; None if it is not one of ours."""
    session, _, signature = text.partition(".")
    return session if ws.runtime.keyring.verify(f"visitor|{account_id}|{session}", signature) else None


def _nickname(session: str) -> str:
    """What an anonymous visitor is called until they say more."""
    return f"Visitor {session[-4:].upper()}"


# --- what they may read -------------------------------------------------------------------------------------------


def may_see(visitor: Visitor, entry: Mapping[str, Any]) -> bool:
    """Whether an entry, in the form that screens get, is part of this visitor's chat."""
    return (
        entry["kind"] == "message"
        and entry["account_id"] == visitor.account_id
        and entry["address"] in visitor.addresses
        and (entry["direction"] == "in" or entry["status"] in SHOWN)
    )


async def homes(ws: Workspace, visitor: Visitor) -> dict[str, str]:
    """The contact behind each of the visitor's addresses: none before they wrote, mostly one."""
    known = await asyncio.gather(*(contacts.known(ws, Address.parse(address)) for address in visitor.addresses))
    return {str(row.address): row.contact_id for row in known if row is not None}


@dataclass(frozen=True, slots=True)
class History:
    """`entries` ascending; `complete` False if older ones between the cursor and the first were left out."""

    entries: Sequence[Placed]
    complete: bool
    # The newest number of the contact, and up to where colleagues have read.
    last_number: int
    read_number: int


async def history(ws: Workspace, visitor: Visitor, contact_id: str, *, after: float, since: datetime | None) -> History:
    """
    The visitor's messages of one contact: those after a number, and those shortly before it that changed `since`.

    Numbers alone do not tell everything: a message is numbered when it is written and shown when it is handed over,
    and may be edited or deleted later.
    """
    threads = await conversation_store.of_contact(ws, contact_id)
    if any(thread.woven for thread in threads):
        return await _woven_history(ws, visitor, contact_id, threads)
    last = max((thread.last_number for thread in threads), default=0)
    read = max((thread.read_number for thread in threads), default=0)
    lowest = max(0, min(floor(after), last) - _LOOK_BACK)
    found: list[Placed] = []
    before, scanned = last + 1, 0
    while before > lowest + 1 and scanned < _MOST_READ and len(found) < HISTORY:
        page = await timeline.page_before(ws, contact_id, before, limit=min(timeline.PAGE, before - 1 - lowest))
        found = [Placed(entry, entry.number) for entry in page if _visible(visitor, entry, after, since)] + found
        scanned += timeline.PAGE
        before -= timeline.PAGE
    cut = len(found) > HISTORY
    return History(found[-HISTORY:], not cut and before <= after + 1, last, read)


async def _woven_history(ws: Workspace, visitor: Visitor, contact_id: str, threads: Sequence[Conversation]) -> History:
    """
    The same of a contact that was merged: what this visitor wrote before stands between the numbers of others, so it is
    read as one goes back, and a screen that knows some of it already puts it where it was.
    """
    last = max(thread.last_number for thread in threads)
    known = await story.of(ws, contact_id)
    found: list[Placed] = []
    place, scanned, older = float(last + 1), 0, True
    while older and scanned < _MOST_READ and len(found) < HISTORY:
        page, older = await story.page_before(ws, known, place, limit=timeline.PAGE)
        found = [each for each in page if _visible(visitor, each.entry, 0, None)] + found
        scanned += timeline.PAGE
        place = page[0].place if page else place - timeline.PAGE
    read = max(thread.read_number for thread in threads)
    return History(found[-HISTORY:], not older and len(found) <= HISTORY, last, read)


@dataclass(frozen=True, slots=True)
class Earlier:
    """`entries` ascending; older ones stand before `next`, 0 if there are none."""

    entries: Sequence[Placed]
    next: float


async def earlier(ws: Workspace, visitor: Visitor, contact_id: str, *, before: float) -> Earlier:
    """The visitor's messages before a place, a page at a time; of all contacts that are one with this now."""
    told = await story.of(ws, contact_id)
    found: list[Placed] = []
    scanned, older = 0, True
    while older and scanned < _MOST_READ and len(found) < _EARLIER:
        page, older = await story.page_before(ws, told, before, limit=timeline.PAGE)
        found = [each for each in page if _visible(visitor, each.entry, 0, None)] + found
        scanned += timeline.PAGE
        before = page[0].place if page else before - timeline.PAGE
    return Earlier(found, max(0, before) if older else 0)


def _visible(visitor: Visitor, entry: Entry, after: float, since: datetime | None) -> bool:
    shown = {name: getattr(entry, name) for name in ("kind", "account_id", "address", "direction", "status")}
    return may_see(visitor, shown) and (entry.number > after or _changed(entry, since))


def _changed(entry: Entry, since: datetime | None) -> bool:
    if since is None or entry.reactions:
        return True
    times = (entry.status_times.get(DeliveryStatus.SENT.value), entry.edited_at, entry.deleted_at)
    return any(at is not None and at > since - _CLOCK_SLACK for at in times)


async def own(ws: Workspace, visitor: Visitor, entry_ids: Sequence[str]) -> list[Entry]:
    """Those of these entries that are part of the visitor's chat."""
    return [entry for entry in await entry_store.get_many(ws, entry_ids) if _visible(visitor, entry, 0, None)]
