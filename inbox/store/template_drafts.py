"""Queries on template drafts. Index: workspace_id."""

from __future__ import annotations

from typing import Any

from app.core.mongo import Document
from app.core.runtime import Workspace
from channels.template_drafts import TemplateDraft
from inbox import template_drafts


def _to_row(kept: template_drafts.KeptDraft) -> Document:
    return {
        "_id": kept.id,
        "account_id": kept.account_id,
        "draft": kept.draft.model_dump(),
        "template_id": kept.template_id,
        "by_name": kept.by_name,
        "created_at": kept.created_at,
        "updated_at": kept.updated_at,
        "revision": kept.revision,
    }


def _from_row(row: Document) -> template_drafts.KeptDraft:
    values: dict[str, Any] = {k: v for k, v in row.items() if k not in ("_id", "workspace_id", "draft")}
    return template_drafts.KeptDraft(id=row["_id"], draft=TemplateDraft.model_validate(row["draft"]), **values)


async def listed(ws: Workspace) -> list[template_drafts.KeptDraft]:
    return [_from_row(row) for row in await ws.db.template_drafts.find({}, limit=template_drafts.MOST)]


async def get(ws: Workspace, draft_id: str) -> template_drafts.KeptDraft | None:
    row = await ws.db.template_drafts.get(draft_id)
    return _from_row(row) if row else None


async def insert(ws: Workspace, kept: template_drafts.KeptDraft) -> None:
    await ws.db.template_drafts.insert(_to_row(kept))


async def replace(ws: Workspace, before: template_drafts.KeptDraft, after: template_drafts.KeptDraft) -> bool:
    """False if it was changed meanwhile."""
    changed = {name: value for name, value in _to_row(after).items() if name != "_id"}
    return await ws.db.template_drafts.update_at(before.id, before.revision, changed)


async def delete(ws: Workspace, draft_id: str) -> None:
    await ws.db.template_drafts.delete({"_id": draft_id})
