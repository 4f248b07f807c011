"""Queries on what sign-up forms came to by day: shown, sent, agreed. Index: workspace_id, form_id, day."""

from __future__ import annotations

from datetime import date

from app.core.mongo import Document
from app.core.runtime import Workspace


async def count(ws: Workspace, form_id: str, day: date, what: str) -> None:
    row_id = f"{form_id}/{day.isoformat()}"
    change = {"$inc": {what: 1}, "$set": {"form_id": form_id, "day": day.isoformat()}}
    await ws.db.signup_days.update({"_id": row_id}, change, upsert=True)


async def since(ws: Workspace, form_id: str, day: date) -> list[Document]:
    """A row a day, the oldest first."""
    rows = await ws.db.signup_days.find({"form_id": form_id, "day": {"$gte": day.isoformat()}}, limit=400)
    return sorted(rows, key=lambda row: str(row["day"]))
