"""Queries on teams. There are few in a workspace; lists read them all. Indexes: workspace_id, name; retiring_key."""

from __future__ import annotations

from dataclasses import asdict, fields

from app.core.mongo import Document
from app.core.runtime import Workspace
from inbox.routing import teams

MOST = 200


def to_row(team: teams.Team) -> Document:
    row = asdict(team)
    row["_id"] = row.pop("id")
    row["members"] = list(row["members"])
    # The accounts' own rows say this.
    del row["account_ids"]
    row["needs"] = [{"skills": list(need.skills), "rule": dict(need.rule)} for need in team.needs]
    return row


def _from_row(row: Document) -> teams.Team:
    values = {f.name: row[f.name] for f in fields(teams.Team) if f.name in row}
    values["members"] = tuple(row["members"])
    values["needs"] = tuple(teams.Need(skills=tuple(need["skills"]), rule=need["rule"]) for need in row["needs"])
    return teams.Team(id=row["_id"], **values)


async def get(ws: Workspace, team_id: str) -> teams.Team | None:
    row = await ws.db.teams.get(team_id)
    return _from_row(row) if row else None


async def listed(ws: Workspace) -> list[teams.Team]:
    """By name; those that are being deleted, too."""
    rows = await ws.db.teams.find({}, limit=2 * MOST)
    return sorted((_from_row(row) for row in rows), key=lambda team: team.name.casefold())


async def insert(ws: Workspace, team: teams.Team) -> None:
    await ws.db.teams.insert(to_row(team))


async def replace(ws: Workspace, team: teams.Team) -> bool:
    """Whether it was still at the revision before."""
    row = to_row(team)
    return await ws.db.teams.update({"_id": row.pop("_id"), "revision": team.revision - 1}, {"$set": row})


async def replace_overflow(ws: Workspace, team_id: str, heir_id: str | None) -> None:
    """Teams that overflow into one that goes; none overflows into itself."""
    for team in await listed(ws):
        if team.overflow_team_id == team_id:
            to = heir_id if heir_id != team.id else None
            change = {"$set": {"overflow_team_id": to}, "$inc": {"revision": 1}}
            await ws.db.teams.update({"_id": team.id}, change)


async def retire(ws: Workspace, team_id: str, move_to: str) -> None:
    """From now on it is only a sign on the way that its conversations take."""
    change = {"$set": {"moves_to": move_to, "members": [], "retiring_key": ws.id}}
    await ws.db.teams.update({"_id": team_id}, change)


async def delete(ws: Workspace, team_id: str) -> bool:
    return bool(await ws.db.teams.delete({"_id": team_id}))
