"""
How long things are kept, by class: customers' files, the words of messages and notes, tables of people.

A rule is a number of days, and what is older goes by itself: a job follows the time of storing and remembers how far it
is. Whoever is under a legal hold keeps everything; when a hold is lifted it starts over. A preview counts what would go
now, by the same walk, and touches nothing.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from redis.exceptions import RedisError

from app.core import audit, leases, rounds
from app.core.audit import Target
from app.core.mongo import DatabaseError
from app.core.permissions import SYSTEM, Actor
from app.core.platform import retention as platform
from app.core.platform import work
from app.core.runtime import Runtime, Workspace
from crm import imports
from crm.store import contacts as contact_store
from crm.store import retention as store
from inbox import conversations, files, live, stored, timeline
from inbox.conversations import Conversation
from inbox.store import entries as entry_store
from inbox.store import search as search_store
from inbox.store import windows
from inbox.timeline import Entry

CLASSES: Final = ("files", "messages", "tables")
EVERY_SECONDS = 5.0
# What is done once is looked at again so much later.
_AGAIN = timedelta(hours=1)
_BEGINNING = windows.EARLIEST


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """
    Days by class, for those that have a rule. `gone` is how many went by it so far; `preview` what would go now by
    `preview_days`, None while that is counted.
    """

    days: Mapping[str, int]
    gone: Mapping[str, int]
    preview_days: Mapping[str, int]
    preview: Mapping[str, int] | None


async def get(ws: Workspace) -> Kept:
    row = await store.get(ws)
    return Kept(
        days=row.get("days", {}),
        gone=row.get("gone", {}),
        preview_days=row.get("preview_days", {}),
        preview=row.get("preview"),
    )


async def settle(ws: Workspace, actor: Actor, days: Mapping[str, int]) -> Kept:
    """From now on what is older goes by itself."""
    before = await get(ws)
    await store.put(ws, {"days": dict(days), "looked_at": None}, active=bool(days))
    if any(days.get(name, 10**6) < before.days.get(name, 10**6) for name in days):
        await store.start_over(ws)
    detail = {"before": dict(before.days), "after": dict(days)}
    await audit.record(ws, actor, "retention.changed", Target("workspace", ws.id), detail)
    return await get(ws)


async def ask(ws: Workspace, days: Mapping[str, int]) -> Kept:
    """Counts what these rules would let go now, in the background."""
    await store.put(ws, {"preview_days": dict(days), "preview": None}, active=True)
    return await get(ws)


# --- doing --------------------------------------------------------------------------------------------------------


async def run(runtime: Runtime) -> None:
    """Looks after all workspaces with rules, until cancelled; one process at a time."""
    while True:
        await rounds.rest(EVERY_SECONDS)
        with suppress(DatabaseError, RedisError, OSError, TimeoutError):
            async with leases.hold(runtime.redis, "retention") as lease:
                if lease is None:
                    continue
                for workspace_id in await platform.active(runtime):
                    await look_after(runtime.workspace(workspace_id))


async def look_after(ws: Workspace) -> None:
    row = await store.get(ws)
    now = ws.clock.now()
    if row.get("preview_days") and row.get("preview") is None:
        counted = {name: await _pass(ws, name, days, None) for name, days in row["preview_days"].items()}
        await store.put(ws, {"preview": counted}, active=bool(row.get("days")))
        await live.publish(ws, live.event("retention", {"id": ws.id}))
    looked_at = row.get("looked_at")
    if not row.get("days") or (looked_at is not None and now - looked_at < _AGAIN):
        return
    gone: dict[str, int] = {}
    for name, days in row["days"].items():
        gone[name] = await _pass(ws, name, days, row.get("marks", {}).get(name) or _BEGINNING)
    await store.put(ws, {"looked_at": now}, active=True)
    if any(gone.values()):
        once = f"retention/{ws.id}/{now.isoformat()}"
        await audit.record(ws, SYSTEM, "retention.applied", Target("workspace", ws.id), gone, once=once)
        await live.publish(ws, live.event("retention", {"id": ws.id}))


async def _pass(ws: Workspace, name: str, days: int, since: datetime | None) -> int:
    """How many are older than that many days and stored after `since`; None only counts, all of them."""
    before = ws.clock.now() - timedelta(days=days)
    if name == "tables":
        dropped = await imports.drop(ws, before, dry=since is None)
        if since is not None:
            await store.move(ws, name, before, dropped)
        return dropped
    found = 0
    async for rows, until in stored.spans(ws.runtime, since or _BEGINNING, before):
        mine = [entry_store.from_row(dict(row)) for row in rows if row["workspace_id"] == ws.id]
        going = await _not_held(ws, [entry for entry in mine if _is_of(name, entry)])
        if since is not None and going:
            await (_let_files_go if name == "files" else _let_messages_go)(ws, going, days)
        if since is not None:
            await store.move(ws, name, until, len(going))
        found += len(going)
    return found


def _is_of(name: str, entry: Entry) -> bool:
    if entry.kind not in ("message", "note"):
        return False
    return name == "messages" or (entry.direction == "in" and _file_of(entry) is not None)


def _file_of(entry: Entry) -> str | None:
    found: str | None = ((entry.content or {}).get("media") or {}).get("file_id")
    return found


async def _not_held(ws: Workspace, entries: Sequence[Entry]) -> list[Entry]:
    people = await contact_store.contacts_by_id(ws, {entry.contact_id for entry in entries})
    # What was written to somebody before a merge is theirs who they are now.
    whole = await contact_store.contacts_by_id(ws, {p.merged_into for p in people.values() if p.merged_into})
    held = {
        each.id for each in people.values() if each.hold or (each.merged_into in whole and whole[each.merged_into].hold)
    }
    return [entry for entry in entries if entry.contact_id not in held]


async def _let_files_go(ws: Workspace, entries: Sequence[Entry], days: int) -> None:
    for entry in entries:
        if (file_id := _file_of(entry)) is not None:
            await files.erase(ws, file_id)
            await timeline.change(ws, entry, lambda now: _without_file(now, days))


def _without_file(now: Entry, days: int) -> Entry:
    content: dict[str, Any] = dict(now.content or {})
    if not (content.get("media") or {}).get("file_id"):
        return now
    kept = {"kind": content["media"]["kind"], "name": content["media"].get("name")}
    media = {**kept, "state": "failed", "error": f"Files are kept for {days} days."}
    return replace(now, content={**content, "media": media})


async def _let_messages_go(ws: Workspace, entries: Sequence[Entry], days: int) -> None:
    for entry in entries:
        if entry.direction == "in" and (file_id := _file_of(entry)) is not None:
            await files.erase(ws, file_id)
    ids = [entry.id for entry in entries]
    await search_store.remove_many(ws, ids)
    await work.empty_raw(ws.runtime, [entry.raw_id for entry in entries if entry.raw_id])
    await entry_store.bury(ws, ids)
    gone = frozenset(ids)
    for conversation in (await conversations.whole(ws, list({entry.conversation_id for entry in entries}))).values():
        if conversation.last_entry is not None and conversation.last_entry.id in gone:
            changed, _ = await conversations.change(ws, conversation, _silent)
            await live.tell_conversations(ws, changed)


def _silent(now: Conversation) -> Conversation:
    """Its row says nothing of what is not kept."""
    return replace(now, last_entry=replace(now.last_entry, text="")) if now.last_entry else now
