"""
Exporting people as a table: a file that a job writes as it reads, kept for a week.

What is written is one stream from the database to the store, so that it costs no memory however many there are. Killed
half way it is written anew.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from redis.exceptions import RedisError

from app.core import audit, clock, ids, leases, rounds
from app.core.audit import Target
from app.core.errors import NotFound
from app.core.mongo import DatabaseError
from app.core.permissions import Actor
from app.core.platform import imports as platform
from app.core.platform import members as member_rows
from app.core.queue import Lane
from app.core.runtime import Runtime, Workspace
from app.core.stream import event
from crm import companies, facets, fields, imports, lists, tables
from crm.contacts import Contact, ContactAddress
from crm.fields import Fields
from crm.store import contacts as contact_store
from crm.store import exports as store
from crm.store import tags as tag_store

KEPT_FOR = timedelta(days=7)
EVERY_SECONDS = 5.0
_BATCH = 200
_COLUMNS = (
    *("contact_id", "name", "phone", "email", "handles", "language", "stage", "owner", "company", "company_role"),
    *("zone", "notes", "tags", "lists", "marketing_consent", "created_at"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """`words` are the facets that its contacts have, all of them; `label` says so for people."""

    id: str
    words: tuple[str, ...]
    label: str
    by_id: str
    by_name: str
    created_at: datetime
    state: Literal["running", "done"] = "running"
    written: int = 0
    expires_at: datetime | None = None


async def begin(ws: Workspace, actor: Actor, words: Sequence[str], label: str) -> Export:
    """Raises Forbidden: only who sees all contacts, and all of them, may take them away."""
    imports.require(actor)
    made = Export(
        id=ids.new("exp"),
        words=tuple(words),
        label=label,
        by_id=actor.id,
        by_name=actor.name,
        created_at=ws.clock.now(),
    )
    await store.insert(ws, made)
    await audit.record(ws, actor, "contacts.exported", Target("export", made.id, label), {"filter": list(words)})
    await _enqueue(ws, made.id)
    return made


async def get(ws: Workspace, export_id: str) -> Export:
    """Raises NotFound."""
    found = await store.get(ws, export_id)
    if found is None:
        raise NotFound("There is no such export; files are kept for a week.")
    return found


async def latest(ws: Workspace) -> list[Export]:
    """The newest 50."""
    return await store.latest(ws, limit=50)


async def file(ws: Workspace, actor: Actor, export_id: str) -> AsyncIterator[bytes]:
    """The table, piece by piece; who takes it is noted. Raises Forbidden, NotFound."""
    imports.require(actor)
    found = await get(ws, export_id)
    if found.state != "done":
        raise NotFound("This file is still being written.")
    await audit.record(ws, actor, "export.downloaded", Target("export", found.id, found.label))
    return ws.runtime.files.stream(ws.file_key(found.id))


async def delete_before(ws: Workspace, at: datetime) -> int:
    """All files that were begun before then: somebody who is in them was erased. They can be written anew."""
    found = [each for each in await store.latest(ws, limit=1_000) if each.created_at <= at]
    for each in found:
        await ws.runtime.files.delete(ws.file_key(each.id))
        await store.delete(ws, each.id)
    return len(found)


# --- doing --------------------------------------------------------------------------------------------------------


async def run(runtime: Runtime) -> None:
    """Puts back to work what a crash has left, and deletes what is no longer kept, until cancelled."""
    while True:
        await rounds.rest(EVERY_SECONDS)
        with suppress(DatabaseError, RedisError, OSError, TimeoutError):
            for workspace_id, export_id in await platform.pending_exports(runtime):
                await _enqueue(runtime.workspace(workspace_id), export_id)
            for workspace_id, export_id in await platform.ended_exports(runtime, runtime.clock.now()):
                ws = runtime.workspace(workspace_id)
                await ws.runtime.files.delete(ws.file_key(export_id))
                await store.delete(ws, export_id)


async def _enqueue(ws: Workspace, export_id: str) -> None:
    await ws.queue.enqueue("run_export", ws.id, export_id, lane=Lane.BACKGROUND, job_id=f"export:{export_id}")


async def run_one(ws: Workspace, export_id: str) -> None:
    """Until it is written. One process at a time."""
    async with leases.hold(ws.redis, f"export:{export_id}") as lease:
        now = await store.get(ws, export_id)
        if lease is None or now is None or now.state != "running":
            return
        written = 0

        async def pieces() -> AsyncIterator[bytes]:
            nonlocal written
            known = await fields.get(ws)
            own = known.fields
            yield tables.written([[*_COLUMNS, *(each.label for each in own)]])
            async for found in _batches(ws, now.words):
                yield tables.written(await _rows(ws, known, found))
                written += len(found)
                await _tell(ws, replace(now, written=written))

        await ws.runtime.files.put_stream(ws.file_key(now.id), pieces())
        done = replace(now, state="done", written=written, expires_at=ws.clock.now() + KEPT_FOR)
        await store.finish(ws, done)
        await _tell(ws, done)


async def _batches(ws: Workspace, words: Sequence[str]) -> AsyncIterator[list[Contact]]:
    """All contacts with these facets, the newest first where there are any, else in no particular order."""
    last: Contact | None = None
    while True:
        if words:
            before = (last.created_at, last.id) if last else None
            read = await contact_store.newest(ws, words[0], before=before, limit=_BATCH)
        else:
            read = await contact_store.contacts_page(ws, after=last.id if last else None, limit=_BATCH)
        if not read:
            return
        found = [each for each in read if all(word in facets.of(each) for word in words)]
        if found:
            yield found
        last = read[-1]


async def _rows(ws: Workspace, known: Fields, found: Sequence[Contact]) -> list[list[str]]:
    handles = await contact_store.addresses_of_contacts(ws, [each.id for each in found])
    employers = await companies.by_id(ws, [each.company_id for each in found if each.company_id])
    names = {m.id: m.email for m in await member_rows.of_workspace(ws.runtime.mongo, ws.id)}
    names |= await tag_store.names_by_id(ws) | {each.id: each.name for each in await lists.every(ws)}
    now = ws.clock.now()
    return [
        _row(known, each, handles.get(each.id, ()), employers.get(each.company_id or ""), names, now) for each in found
    ]


def _row(
    known: Fields,
    contact: Contact,
    handles: Sequence[ContactAddress],
    employer: companies.Company | None,
    names: Mapping[str, str],
    now: datetime,
) -> list[str]:
    """`names` are those of colleagues, tags and lists, by id."""
    values = [row.address.value for row in handles]
    stage = known.stage(contact.stage)
    states = {
        row.address.kind: said.state_at(now) for row in handles if (said := row.consent.get("marketing")) is not None
    }
    return [
        contact.id,
        # A handle in place of a name would be somebody's name once it is imported.
        "" if contact.name_source == "handle" else contact.name,
        next((value for value in values if value.startswith("+")), ""),
        next((row.address.value for row in handles if row.address.kind == "email"), ""),
        "; ".join(str(row.address) for row in handles),
        contact.language or "",
        stage.label if stage else "",
        names.get(contact.owner_id or "", ""),
        employer.name if employer else "",
        role.label if (role := known.role(contact.company_role)) else "",
        contact.zone or "",
        contact.notes,
        tables.joined(names[each] for each in contact.tags if each in names),
        tables.joined(names[each] for each in contact.lists if each in names),
        "; ".join(f"{kind}: {state}" for kind, state in states.items()),
        clock.iso(contact.created_at) or "",
        *(fields.cell(each, contact.fields.get(each.key)) for each in known.fields),
    ]


def told(now: Export) -> dict[str, Any]:
    """How far it is, as screens are told."""
    return {"id": now.id, "state": now.state, "written": now.written, "expires_at": clock.iso(now.expires_at)}


async def _tell(ws: Workspace, now: Export) -> None:
    with suppress(RedisError):
        await ws.stream.publish(ws.id, [event("export", told(now))])
