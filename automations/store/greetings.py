"""Queries on greetings (index: workspace_id), and on what they came to by day (workspace_id, greeting_id, day)."""

from __future__ import annotations

from datetime import date

from app.core.mongo import Document
from app.core.runtime import Workspace
from automations import greetings


def _greeting(row: Document) -> greetings.Greeting:
    return greetings.Greeting(
        id=row["_id"],
        settings=greetings.GreetingSettings.model_validate(row["settings"], strict=False),
        version=row["version"],
        created_at=row["created_at"],
        changed_at=row["changed_at"],
        changed_by=row["changed_by"],
    )


def _row(greeting: greetings.Greeting) -> Document:
    return {
        "settings": greeting.settings.model_dump(mode="json"),
        "version": greeting.version,
        "created_at": greeting.created_at,
        "changed_at": greeting.changed_at,
        "changed_by": greeting.changed_by,
    }


async def every(ws: Workspace) -> list[greetings.Greeting]:
    """The higher priority first; of equals the newer."""
    rows = map(_greeting, await ws.db.greetings.find({}, limit=greetings.MOST))
    return sorted(rows, key=lambda each: (each.settings.priority, each.created_at), reverse=True)


async def get(ws: Workspace, greeting_id: str) -> greetings.Greeting | None:
    row = await ws.db.greetings.get(greeting_id)
    return _greeting(row) if row else None


async def insert(ws: Workspace, greeting: greetings.Greeting) -> None:
    await ws.db.greetings.insert({"_id": greeting.id, **_row(greeting)})


async def save(ws: Workspace, greeting: greetings.Greeting) -> bool:
    """As the version after the stored one; False if somebody was faster."""
    known = {"_id": greeting.id, "version": greeting.version - 1}
    return await ws.db.greetings.update(known, {"$set": _row(greeting)})


async def delete(ws: Workspace, greeting_id: str) -> None:
    await ws.db.greetings.delete({"_id": greeting_id})


async def count(ws: Workspace, greeting_id: str, day: date, what: str) -> None:
    row_id = f"{greeting_id}/{day.isoformat()}"
    change = {"$inc": {what: 1}, "$set": {"greeting_id": greeting_id, "day": day.isoformat()}}
    await ws.db.greeting_days.update({"_id": row_id}, change, upsert=True)


async def since(ws: Workspace, greeting_id: str, day: date) -> list[Document]:
    """A row a day on which something happened."""
    return await ws.db.greeting_days.find({"greeting_id": greeting_id, "day": {"$gte": day.isoformat()}}, limit=400)
