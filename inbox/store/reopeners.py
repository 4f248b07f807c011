"""Queries on re-openers; `_id` is the account's."""

from __future__ import annotations

from app.core.runtime import Workspace
from inbox.answering import reopeners


async def get(ws: Workspace, account_id: str) -> reopeners.Reopener | None:
    row = await ws.db.reopeners.get(account_id)
    if row is None:
        return None
    return reopeners.Reopener(account_id=account_id, name=row["name"], language=row["language"], set_at=row["set_at"])


async def put(ws: Workspace, chosen: reopeners.Reopener) -> None:
    values = {"name": chosen.name, "language": chosen.language, "set_at": chosen.set_at}
    await ws.db.reopeners.update({"_id": chosen.account_id}, {"$set": values}, upsert=True)


async def delete(ws: Workspace, account_id: str) -> None:
    await ws.db.reopeners.delete({"_id": account_id})
