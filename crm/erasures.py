"""
Erasing a person: the record of it, what it may not touch, and what becomes of the contact. What it does to
conversations and messages is the inbox's (inbox/erasing).

An erasure is a row that is carried through by steps which may be repeated. It names nobody: while it is under way it
knows the handles, afterwards only what they hash to, so that a number can be compared with it and not read from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from app.core import ids
from app.core.addresses import Address
from app.core.errors import Conflict, Forbidden, NotFound
from app.core.mongo import DuplicateId
from app.core.permissions import Actor, Permission, Rights, Scope
from app.core.runtime import Workspace
from crm import contacts, pacing
from crm.contacts import Contact, Hold
from crm.pacing import Suppression
from crm.store import consents as consent_store
from crm.store import contacts as contact_store
from crm.store import duplicates as duplicate_store
from crm.store import erasures as store
from crm.store import merging as merge_store
from crm.store import pacing as pacing_store
from crm.store import retention as retention_store

SUPPRESSED_AS = "Erased at their request"
# Of what a provider would not delete, so much is named.
MOST_LEFT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """
    `members` are the contact and those merged into it. `step` is how many steps are done; `at_member` and `number` are
    up to which entry of whose timeline it has come, `counted` up to which it is counted. `left` says what a provider
    would not delete, and in which words.
    """

    id: str
    contact_id: str
    members: tuple[str, ...]
    by_type: Literal["member", "token", "system"]
    by_id: str
    by_name: str
    by_ip: str | None
    reason: str
    at: datetime
    state: Literal["running", "done"] = "running"
    step: int = 0
    at_member: int = 0
    number: int = 0
    counted: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    handles: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    finished_at: datetime | None = None
    revision: int = 0

    @property
    def actor(self) -> Actor:
        return Actor(self.by_type, self.by_id, self.by_name, "", Rights(), ip=self.by_ip)

    @property
    def addresses(self) -> list[Address]:
        """While it is under way."""
        return [Address.parse(handle) for handle in self.handles]


def require(actor: Actor) -> None:
    """Who erases, or hands out, all that is known of a person has to see it. Raises Forbidden."""
    actor.require(Permission.PRIVACY_MANAGE)
    if actor.rights.scope is not Scope.EVERYTHING or actor.rights.masks:
        raise Forbidden("This is for those who see all contacts, and all of them.")


async def begin(ws: Workspace, actor: Actor, contact: Contact, reason: str) -> Erasure:
    """
    The record is stored: from here on it is carried through, whatever process dies. Raises Forbidden; Conflict while
    there is a legal hold, the contact is being merged, or it is being erased already.
    """
    require(actor)
    if contact.hold is not None:
        raise Conflict(
            f"{contact.hold.by} has put a legal hold on this person: {contact.hold.reason}. Lift it first.",
            code="legal_hold",
        )
    if contact.merge_id is not None:
        raise Conflict("This contact is just being merged; try again in a moment.", code="merge_running")
    members = (contact.id, *contact.absorbed)
    handles = [row.address for each in members for row in await contacts.addresses_of(ws, each)]
    key = await pacing.pepper(ws)
    made = Erasure(
        id=ids.derived("ers", contact.id),
        contact_id=contact.id,
        members=members,
        by_type=actor.type,
        by_id=actor.id,
        by_name=actor.name,
        by_ip=actor.ip,
        reason=reason,
        at=ws.clock.now(),
        handles=tuple(map(str, handles)),
        marks=tuple(pacing.mark(key, handle) for handle in handles),
    )
    try:
        await store.insert(ws, made)
    except DuplicateId:
        raise Conflict("This person is being erased already.", code="erasure_running") from None
    return made


async def get(ws: Workspace, erasure_id: str) -> Erasure:
    """Raises NotFound."""
    found = await store.get(ws, erasure_id)
    if found is None:
        raise NotFound("There is no such erasure.")
    return found


async def page(ws: Workspace, *, before: tuple[datetime, str] | None, limit: int) -> list[Erasure]:
    """The newest first."""
    return await store.page(ws, before=before, limit=limit)


async def of_handle(ws: Workspace, address: Address) -> list[Erasure]:
    """Those in which a handle was erased: somebody who has it can be told when."""
    key = (await pacing.settled(ws)).pepper
    return await store.marked(ws, pacing.mark(key, address)) if key else []


async def advance(ws: Workspace, known: Erasure, **changes: object) -> Erasure:
    """Raises Conflict: another process carries it through now."""
    wanted = replace(known, **changes, revision=known.revision + 1)  # type: ignore[arg-type]
    if not await store.save(ws, wanted):
        raise Conflict("Another process carries this erasure through.", code="overtaken")
    return wanted


def counted(known: Erasure, **more: int) -> dict[str, int]:
    return {**known.counts, **{name: known.counts.get(name, 0) + number for name, number in more.items()}}


async def set_hold(ws: Workspace, actor: Actor, contact_id: str, reason: str | None) -> Contact:
    """A legal hold: nothing of them is deleted while it stands; None lifts it. Raises Forbidden, NotFound."""
    require(actor)
    hold = Hold(reason, ws.clock.now(), actor.name) if reason else None
    if hold is None:
        # What it has kept is looked at anew.
        await retention_store.start_over(ws)
    return (await contacts.change(ws, contact_id, lambda now: replace(now, hold=hold)))[1]


# --- what becomes of the contact ----------------------------------------------------------------------------------


async def suppress(ws: Workspace, known: Erasure) -> None:
    """None of their handles gets marketing, whoever may have it again, until they agree anew themselves."""
    for mark in known.marks:
        row = Suppression(
            id=mark,
            key=mark,
            label=f"{mark.partition(':')[0]}, erased",
            reason=SUPPRESSED_AS,
            at=known.at,
            by=known.by_name,
            kind="address",
        )
        await pacing_store.suppress(ws, row)
    for handle in known.handles:
        # Kept out by hand before: the hash says the same, and names nobody.
        await pacing_store.unsuppress(ws, handle)


async def bury(ws: Workspace, known: Erasure) -> None:
    """The contacts are nobody, and their handles lead nowhere: who writes again is somebody new."""
    for contact_id in known.members:
        await contact_store.erase(ws, contact_id, known.at)
        await contact_store.delete_addresses(ws, contact_id)


async def hide_facts(ws: Workspace, known: Erasure) -> int:
    """What was agreed to stays as the proof that it is, under what the handles hash to; how many facts there are."""
    key = await pacing.pepper(ws)
    found = 0
    for contact_id in known.members:
        found += await consent_store.hide(ws, contact_id, lambda address: pacing.mark(key, address))
    return found


async def forget(ws: Workspace, known: Erasure) -> None:
    """All rows of theirs that are about the contact alone."""
    for contact_id in known.members:
        await contact_store.delete_past(ws, contact_id)
        await duplicate_store.delete_of(ws, contact_id)
        await pacing_store.forget(ws, contact_id)
        for merge in await merge_store.about(ws, contact_id):
            await merge_store.delete(ws, merge.id)
