"""Queries on merges of contacts, and the only ones that write what ties contacts together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from app.core.mongo import Document
from app.core.runtime import Workspace
from crm import changes, merging
from crm.contacts import ContactAddress
from crm.store.contacts import address_id


def _row(merge: merging.Merge) -> Document:
    row = asdict(merge)
    row["_id"] = row.pop("id")
    return row


def _merge(row: Document) -> merging.Merge:
    known = {f.name: row[f.name] for f in fields(merging.Merge) if f.name in row}
    return merging.Merge(**{**known, "id": row["_id"]})


async def insert(ws: Workspace, merge: merging.Merge) -> None:
    await ws.db.merges.insert({**_row(merge), "work_key": ws.id})


async def save(ws: Workspace, merge: merging.Merge, *, revision: int) -> bool:
    """False if somebody else has saved it since it had that revision."""
    # Those from before revisions were kept have none.
    known: Any = revision or {"$in": [0, None]}
    return await ws.db.merges.update({"_id": merge.id, "revision": known}, {"$set": _row(merge)})


async def open_work(ws: Workspace, merge_id: str) -> None:
    """From now on somebody looks after it, whatever becomes of this process."""
    await ws.db.merges.update({"_id": merge_id}, {"$set": {"work_key": ws.id}})


async def close_work(ws: Workspace, merge_id: str) -> None:
    await ws.db.merges.update({"_id": merge_id}, {"$unset": {"work_key": ""}})


async def delete(ws: Workspace, merge_id: str) -> None:
    await ws.db.merges.delete({"_id": merge_id})


async def get(ws: Workspace, merge_id: str) -> merging.Merge | None:
    row = await ws.db.merges.get(merge_id)
    return _merge(row) if row else None


async def into(ws: Workspace, contact_id: str) -> list[merging.Merge]:
    """Index: workspace_id, into_id."""
    return [_merge(row) for row in await ws.db.merges.find({"into_id": contact_id}, limit=500)]


async def about(ws: Workspace, contact_id: str) -> list[merging.Merge]:
    """Into it, and of it into others, undone ones too. Indexes: workspace_id, into_id; workspace_id, from_id."""
    rows = await ws.db.merges.find({"from_id": contact_id}, limit=500)
    return [*await into(ws, contact_id), *(_merge(row) for row in rows)]


async def parts(ws: Workspace, *, after: str, limit: int) -> list[str]:
    """Contacts that are a part of another, by id. Index: workspace_id, from_id."""
    where = {"from_id": {"$gt": after}, "status": "merged"}
    rows = await ws.db.merges.find(where, limit=limit, sort=[("from_id", 1)], fields=["from_id"])
    return [row["from_id"] for row in rows]


async def claim(ws: Workspace, contact_id: str, merge_id: str, *, into_id: str | None = None) -> bool:
    """
    Marks a contact for a merge, as the one that becomes a part of `into_id` if that is given. True also if it is
    marked so already.
    """
    marks = {"merge_id": merge_id} | ({"merged_into": into_id} if into_id else {})
    async with changes.of(ws, [contact_id]):
        if await ws.db.contacts.update({"_id": contact_id, "merge_id": None, "merged_into": None}, {"$set": marks}):
            return True
        return await ws.db.contacts.update({"_id": contact_id, **marks}, {"$set": marks})


async def claim_part(ws: Workspace, contact_id: str, merge_id: str, into_id: str) -> bool:
    """Marks a contact that is a part of another, to be parted from it."""
    where = {"_id": contact_id, "merge_id": {"$in": [None, merge_id]}, "merged_into": into_id}
    return await ws.db.contacts.update(where, {"$set": {"merge_id": merge_id}})


async def release(ws: Workspace, contact_id: str, merge_id: str) -> None:
    await ws.db.contacts.update({"_id": contact_id, "merge_id": merge_id}, {"$unset": {"merge_id": ""}})


async def part(ws: Workspace, contact_id: str, merge_id: str) -> None:
    """It is no part of another any more."""
    async with changes.of(ws, [contact_id]):
        await ws.db.contacts.update({"_id": contact_id, "merge_id": merge_id}, {"$unset": {"merged_into": ""}})


async def set_absorbed(ws: Workspace, contact_id: str, members: Sequence[str]) -> None:
    change: Document = {"$set": {"absorbed": list(members)}} if members else {"$unset": {"absorbed": ""}}
    async with changes.of(ws, [contact_id]):
        await ws.db.contacts.update({"_id": contact_id}, change)


async def move_address(ws: Workspace, row: ContactAddress, contact_id: str, came_by: Sequence[str]) -> None:
    """To another contact, if nobody has moved it since it was read."""
    where = {"_id": address_id(ws, row.address), "contact_id": row.contact_id}
    change: Document = {"$set": {"contact_id": contact_id}}
    if came_by:
        change["$set"]["came_by"] = list(came_by)
    else:
        change["$unset"] = {"came_by": ""}
    async with changes.of(ws, [row.contact_id, contact_id]):
        await ws.db.addresses.update(where, change)


async def move_facts(ws: Workspace, from_id: str, into_id: str, addresses: Sequence[str]) -> None:
    """What was said about these addresses belongs to another contact. Index: workspace_id, contact_id, at."""
    rows = await ws.db.consents.find({"contact_id": from_id}, limit=10_000, fields=["address"])
    wanted = frozenset(addresses)
    moving = [row["_id"] for row in rows if row["address"] in wanted]
    await ws.db.consents.update_each(
        [(moving, {"contact_id": from_id}, {"$set": {"contact_id": into_id}})] if moving else []
    )
