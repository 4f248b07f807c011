"""Queries on agents, at most one row a member, and on the workspace's routing settings. Index: workspace_id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime

from app.core.mongo import Document
from app.core.platform.members import MOST_MEMBERS
from app.core.runtime import Workspace
from inbox.routing import agents

_LISTS = ("skills", "languages")


def _from_row(row: Document) -> agents.Agent:
    values = {f.name: row[f.name] for f in fields(agents.Agent) if f.name in row}
    values |= {name: tuple(values[name]) for name in _LISTS if name in values}
    if "chosen" in values:
        values["chosen"] = agents.Availability(values["chosen"])
    return agents.Agent(id=row["_id"], **values)


def _values(agent: agents.Agent) -> Document:
    values = asdict(agent)
    del values["id"]
    return {**values, **{name: list(values[name]) for name in _LISTS}, "chosen": agent.chosen.value}


async def get_many(ws: Workspace, member_ids: Sequence[str]) -> list[agents.Agent]:
    return [_from_row(row) for row in await ws.db.agents.get_many(member_ids)]


async def change(ws: Workspace, before: agents.Agent, wanted: agents.Agent) -> None:
    """Writes what is different, so that two who change different things do not undo each other."""
    old, new = _values(before), _values(wanted)
    changed = {name: value for name, value in new.items() if old[name] != value}
    await ws.db.agents.update({"_id": wanted.id}, {"$set": changed}, upsert=True)


async def set_times(ws: Workspace, member_id: str, values: Mapping[str, datetime | None]) -> None:
    await ws.db.agents.update({"_id": member_id}, {"$set": dict(values)}, upsert=True)


async def with_calendar(ws: Workspace, calendar_id: str) -> list[agents.Agent]:
    rows = await ws.db.agents.find({"calendar_id": calendar_id}, limit=MOST_MEMBERS)
    return [_from_row(row) for row in rows]


async def settings_of(ws: Workspace) -> agents.RoutingSettings:
    row = await ws.db.routing.get(_settings_id(ws)) or {}
    values = {f.name: row[f.name] for f in fields(agents.RoutingSettings) if f.name in row}
    if "away_reasons" in values:
        values["away_reasons"] = tuple(values["away_reasons"])
    return agents.RoutingSettings(**values)


async def keep_settings(ws: Workspace, wanted: agents.RoutingSettings) -> None:
    values = {**asdict(wanted), "away_reasons": list(wanted.away_reasons)}
    await ws.db.routing.update({"_id": _settings_id(ws)}, {"$set": values}, upsert=True)


def _settings_id(ws: Workspace) -> str:
    return f"rtg_{ws.id}"
