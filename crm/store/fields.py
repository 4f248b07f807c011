"""The one row that says what a workspace keeps of its contacts."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from app.core.mongo import Document, DuplicateId
from app.core.runtime import Workspace
from crm import fields


async def get(ws: Workspace) -> fields.Fields | None:
    row = await ws.db.contact_fields.get(ws.id)
    if row is None:
        return None
    used = frozenset(row.get("used", ()))
    return fields.Fields(
        fields=tuple(fields.ContactField(**_frozen(each), used=each["key"] in used) for each in row["fields"]),
        stages=tuple(fields.Stage(**each) for each in row["stages"]),
        roles=tuple(fields.CompanyRole(**each) for each in row["roles"]) if "roles" in row else fields.ROLES,
        region=row["region"],
        revision=row["revision"],
    )


def _frozen(row: Document) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}


async def save(ws: Workspace, saved: fields.Fields) -> bool:
    """False if the stored ones are not the revision before. Which are used is marked apart from that."""
    row = asdict(saved)
    for field in row["fields"]:
        del field["used"]
    if saved.revision == 1:
        try:
            await ws.db.contact_fields.insert({"_id": ws.id, **row})
        except DuplicateId:
            return False
        return True
    return await ws.db.contact_fields.update({"_id": ws.id, "revision": saved.revision - 1}, {"$set": row})


async def mark_used(ws: Workspace, key: str) -> None:
    await ws.db.contact_fields.update({"_id": ws.id}, {"$addToSet": {"used": key}})
