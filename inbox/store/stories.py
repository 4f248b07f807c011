"""Queries on stories: a row for each contact whose timeline is more, or less, than its own entries. By `_id`."""

from __future__ import annotations

from app.core.mongo import Document
from app.core.runtime import Workspace
from inbox import story as stories


def _row(story: stories.Story) -> Document:
    """Flat numbers: a story of many pieces stays small."""
    members = sorted({piece.contact_id for piece in story.pieces})
    at = {member_id: index for index, member_id in enumerate(members)}
    flat = [value for piece in story.pieces for value in (at[piece.contact_id], piece.first, piece.last)]
    return {"members": members, "pieces": flat, "tail": story.tail}


async def get(ws: Workspace, contact_id: str) -> stories.Story | None:
    row = await ws.db.stories.get(contact_id)
    if row is None:
        return None
    flat = iter(row["pieces"])
    pieces = tuple(
        stories.Piece(row["members"][member], first, last) for member, first, last in zip(flat, flat, flat, strict=True)
    )
    return stories.Story(contact_id, pieces, row["tail"])


async def put(ws: Workspace, story: stories.Story) -> None:
    await ws.db.stories.update({"_id": story.contact_id}, {"$set": _row(story)}, upsert=True)


async def delete(ws: Workspace, contact_id: str) -> None:
    await ws.db.stories.delete({"_id": contact_id})
