"""Queries on drafts. Indexes: workspace_id, conversation_id; workspace_id, member_id."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from app.core.mongo import Document
from app.core.runtime import Workspace
from inbox.answering import drafts
from inbox.timeline import Written


def _from_row(row: Document) -> drafts.SharedDraft:
    values: dict[str, Any] = {k: v for k, v in row.items() if k not in ("_id", "workspace_id")}
    values["written"] = Written(**row["written"]) if row.get("written") else None
    return drafts.SharedDraft(id=row["_id"], **values)


async def get(ws: Workspace, draft_id: str) -> drafts.SharedDraft | None:
    row = await ws.db.drafts.get(draft_id)
    return _from_row(row) if row else None


async def put(ws: Workspace, draft: drafts.SharedDraft) -> None:
    row = asdict(draft)
    await ws.db.drafts.update({"_id": row.pop("id")}, {"$set": row}, upsert=True)


async def delete(ws: Workspace, draft_id: str) -> bool:
    """False if it was gone already."""
    return await ws.db.drafts.delete({"_id": draft_id}) > 0


async def of_conversation(ws: Workspace, conversation_id: str) -> list[drafts.SharedDraft]:
    rows = await ws.db.drafts.find({"conversation_id": conversation_id}, limit=drafts.MOST_LISTED)
    return [_from_row(row) for row in rows]


async def of_member(ws: Workspace, member_id: str) -> list[drafts.SharedDraft]:
    return [_from_row(row) for row in await ws.db.drafts.find({"member_id": member_id}, limit=drafts.MOST_LISTED)]
