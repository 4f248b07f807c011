"""
Pieces of rolls, and where their people were sent: read by `_id`, which is `<broadcast>/<number>` and
`<broadcast>/<stage>/<number>`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.core.mongo import Document
from app.core.runtime import Workspace
from automations import rolls


def _place_row(place: rolls.Place) -> list[Any]:
    return [getattr(place, name) for name in rolls.Place.__slots__]


async def add_piece(ws: Workspace, broadcast_id: str, number: int, contact_ids: Sequence[str]) -> list[str]:
    row: Document = {"_id": f"{broadcast_id}/{number}", "ids": list(contact_ids)}
    if await ws.db.broadcast_rolls.insert_new([row]):
        return await piece(ws, broadcast_id, number) or []
    return list(contact_ids)


async def piece(ws: Workspace, broadcast_id: str, number: int) -> list[str] | None:
    row = await ws.db.broadcast_rolls.get(f"{broadcast_id}/{number}")
    return list(row["ids"]) if row else None


async def add_places(
    ws: Workspace, broadcast_id: str, stage: str, number: int, made: Sequence[rolls.Place]
) -> list[rolls.Place]:
    row: Document = {"_id": f"{broadcast_id}/{stage}/{number}", "places": [_place_row(each) for each in made]}
    if await ws.db.broadcast_places.insert_new([row]):
        return await places(ws, broadcast_id, stage, number) or []
    return list(made)


async def set_places(ws: Workspace, broadcast_id: str, stage: str, number: int, now: Sequence[rolls.Place]) -> None:
    row_id = f"{broadcast_id}/{stage}/{number}"
    await ws.db.broadcast_places.update({"_id": row_id}, {"$set": {"places": [_place_row(each) for each in now]}})


async def places(ws: Workspace, broadcast_id: str, stage: str, number: int) -> list[rolls.Place] | None:
    row = await ws.db.broadcast_places.get(f"{broadcast_id}/{stage}/{number}")
    return [rolls.Place(*each) for each in row["places"]] if row else None
