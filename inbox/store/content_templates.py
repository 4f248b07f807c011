"""Queries on content templates. Index: workspace_id."""

from __future__ import annotations

from typing import Any

from app.core.mongo import Document
from app.core.runtime import Workspace
from inbox import content_templates


def _to_row(kept: content_templates.ContentTemplate) -> Document:
    return {
        "_id": kept.id,
        "name": kept.name,
        "channels": list(kept.channels),
        "wordings": [each.model_dump(exclude_none=True) for each in kept.wordings],
        "by_name": kept.by_name,
        "updated_at": kept.updated_at,
        "revision": kept.revision,
    }


def _from_row(row: Document) -> content_templates.ContentTemplate:
    values: dict[str, Any] = {k: v for k, v in row.items() if k not in ("_id", "workspace_id")}
    values["channels"] = tuple(values["channels"])
    values["wordings"] = tuple(
        content_templates.ContentWording.model_validate({"language": None, **each}) for each in values["wordings"]
    )
    return content_templates.ContentTemplate(id=row["_id"], **values)


async def listed(ws: Workspace) -> list[content_templates.ContentTemplate]:
    return [_from_row(row) for row in await ws.db.content_templates.find({}, limit=content_templates.MOST)]


async def get(ws: Workspace, template_id: str) -> content_templates.ContentTemplate | None:
    row = await ws.db.content_templates.get(template_id)
    return _from_row(row) if row else None


async def insert(ws: Workspace, kept: content_templates.ContentTemplate) -> None:
    await ws.db.content_templates.insert(_to_row(kept))


async def replace(
    ws: Workspace, before: content_templates.ContentTemplate, after: content_templates.ContentTemplate
) -> bool:
    """False if it was changed meanwhile."""
    changed = {name: value for name, value in _to_row(after).items() if name != "_id"}
    return await ws.db.content_templates.update_at(before.id, before.revision, changed)


async def delete(ws: Workspace, template_id: str) -> None:
    await ws.db.content_templates.delete({"_id": template_id})
