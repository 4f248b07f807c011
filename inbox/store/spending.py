"""Queries on what messages have cost: lines, and days that are added up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from app.core.mongo import Document
from app.core.runtime import Workspace
from inbox import spending

# Lines of one day that are added up at most, and of one conversation.
_MOST_LINES = 200_000
_MOST_OF_CONVERSATION = 2_000
_NOTHING = {"messages": 0, "unpriced": 0, "micros": 0}


def _row(line: spending.Line) -> Document:
    return {
        "day": line.day.isoformat(),
        "key": asdict(line.key),
        "sum": asdict(line.sum),
        "conversation_id": line.conversation_id,
    }


def _line(row: Document) -> spending.Line:
    return spending.Line(
        id=row["_id"],
        day=date.fromisoformat(row["day"]),
        key=spending.Key(**row["key"]),
        sum=spending.Sum(**row["sum"]),
        conversation_id=row.get("conversation_id"),
    )


async def put(ws: Workspace, lines: Sequence[spending.Line]) -> None:
    """Lines that are there already say what these say from now on. Two commands at most."""
    there = await ws.db.spending.insert_new([{"_id": line.id, **_row(line)} for line in lines])
    changed: list[tuple[list[str], Document, Document]] = [
        ([line.id], {}, {"$set": {"sum": asdict(line.sum)}}) for line in lines if line.id in there
    ]
    if changed:
        await ws.db.spending.update_each(changed)


async def clear(ws: Workspace, line_ids: Sequence[str]) -> None:
    await ws.db.spending.update_each([([each], {}, {"$set": {"sum": _NOTHING}}) for each in line_ids])


async def of_day(ws: Workspace, day: date) -> list[spending.Line]:
    """Index: workspace_id, day."""
    rows = await ws.db.spending.find({"day": day.isoformat()}, limit=_MOST_LINES)
    return [_line(row) for row in rows]


async def of_conversation(ws: Workspace, conversation_id: str) -> list[spending.Line]:
    """Index: workspace_id, conversation_id."""
    rows = await ws.db.spending.find({"conversation_id": conversation_id}, limit=_MOST_OF_CONVERSATION)
    return [_line(row) for row in rows]


def _day_id(ws: Workspace, day: date) -> str:
    return f"{ws.id}/{day.isoformat()}"


async def kept_days(ws: Workspace, days: Sequence[date]) -> dict[date, spending.Sums]:
    """Those that are added up for good. Point reads."""
    rows = await ws.db.spending_days.get_many(_day_id(ws, day) for day in days)
    return {
        date.fromisoformat(row["day"]): {spending.Key(**key): spending.Sum(**each) for key, each in row["sums"]}
        for row in rows
    }


async def keep_day(ws: Workspace, day: date, sums: Mapping[spending.Key, spending.Sum]) -> None:
    kept: list[list[dict[str, Any]]] = [[asdict(key), asdict(each)] for key, each in sums.items()]
    await ws.db.spending_days.insert_new([{"_id": _day_id(ws, day), "day": day.isoformat(), "sums": kept}])
