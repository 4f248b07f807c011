"""Queries on clicks. Index: workspace_id, mailing_id, _id; ids sort by time."""

from __future__ import annotations

from datetime import datetime

from app.core.mongo import Document
from app.core.runtime import Workspace
from inbox import links


def _from_row(row: Document) -> links.Click:
    return links.Click(
        id=row["_id"],
        mailing_id=row["mailing_id"],
        recipient=row["recipient"],
        number=row["number"],
        at=row["at"],
        machine=row.get("machine"),
    )


async def insert(ws: Workspace, click: links.Click, *, expires_at: datetime) -> None:
    row = {
        "_id": click.id,
        "mailing_id": click.mailing_id,
        "recipient": click.recipient,
        "number": click.number,
        "at": click.at,
        "expires_at": expires_at,
    }
    await ws.db.clicks.insert(row | ({"machine": click.machine} if click.machine else {}))


async def page(ws: Workspace, mailing_id: str, *, after: str | None, limit: int) -> list[links.Click]:
    where: Document = {"mailing_id": mailing_id}
    if after is not None:
        where["_id"] = {"$gt": after}
    return [_from_row(row) for row in await ws.db.clicks.find(where, limit=limit, sort=[("_id", 1)])]
