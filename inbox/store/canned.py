"""Queries on canned replies. Index: workspace_id, owner_id, shortcut, unique: each shortcut once for each owner."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from app.core.mongo import Document, DuplicateId
from app.core.runtime import Workspace
from inbox.answering import canned
from inbox.store import kept


def _to_row(reply: canned.CannedReply) -> Document:
    row = asdict(reply)
    row["_id"] = row.pop("id")
    row["variants"], row["file_ids"] = list(row["variants"]), list(row["file_ids"])
    return row


def _from_row(row: Document) -> canned.CannedReply:
    values: dict[str, Any] = {k: v for k, v in row.items() if k not in ("_id", "workspace_id")}
    values["variants"] = tuple(canned.Variant(**variant) for variant in values["variants"])
    values["file_ids"] = tuple(values["file_ids"])
    return canned.CannedReply(id=row["_id"], **values)


async def of_owner(ws: Workspace, owner_id: str | None) -> list[canned.CannedReply]:
    """None: everyone's."""
    return [_from_row(row) for row in await ws.db.canned.find({"owner_id": owner_id}, limit=canned.MOST)]


async def every(ws: Workspace) -> list[canned.CannedReply]:
    """Also those that members keep for themselves; for asking where something is used."""
    return [_from_row(row) for row in await ws.db.canned.find({}, limit=100_000)]


async def get(ws: Workspace, reply_id: str) -> canned.CannedReply | None:
    row = await ws.db.canned.get(reply_id)
    return _from_row(row) if row else None


async def insert(ws: Workspace, reply: canned.CannedReply) -> bool:
    """False if the shortcut is taken."""
    try:
        await ws.db.canned.insert(_to_row(reply))
    except DuplicateId:
        return False
    return True


async def replace(ws: Workspace, before: canned.CannedReply, after: canned.CannedReply) -> bool | None:
    """False if it was changed meanwhile, None if the shortcut is taken."""
    try:
        return await kept.replace(ws.db.canned, before, _to_row(after))
    except DuplicateId:
        return None


async def count_use(ws: Workspace, reply_id: str, at: datetime) -> None:
    await kept.count_use(ws.db.canned, reply_id, at)


async def delete(ws: Workspace, reply_id: str) -> None:
    await ws.db.canned.delete({"_id": reply_id})
