"""Queries on SLA policies. There are few in a workspace; lists read them all. Index: workspace_id, position."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from app.core.mongo import Document
from app.core.runtime import Workspace
from inbox.ticketing import sla

_MOST = 200


def to_row(policy: sla.Policy) -> Document:
    row = asdict(policy)
    row["_id"] = row.pop("id")
    row["steps"] = list(row["steps"])
    # "" is no name that a document should have.
    row["targets"] = [{"priority": priority, **target} for priority, target in row["targets"].items()]
    return row


def from_row(row: Document) -> sla.Policy:
    values: dict[str, Any] = {f.name: row[f.name] for f in fields(sla.Policy) if f.name in row}
    values["pauses"] = tuple(row["pauses"])
    values["steps"] = tuple(sla.Step(**step) for step in row["steps"])
    values["targets"] = {
        each["priority"]: sla.Target(**{k: v for k, v in each.items() if k != "priority"}) for each in row["targets"]
    }
    return sla.Policy(id=row["_id"], **values)


async def get(ws: Workspace, policy_id: str) -> sla.Policy | None:
    row = await ws.db.sla_policies.get(policy_id)
    return from_row(row) if row else None


async def listed(ws: Workspace) -> list[sla.Policy]:
    return [from_row(row) for row in await ws.db.sla_policies.find({}, limit=_MOST)]


async def insert(ws: Workspace, policy: sla.Policy) -> None:
    await ws.db.sla_policies.insert(to_row(policy))


async def save(ws: Workspace, policy: sla.Policy) -> bool:
    """False if the stored one is not the revision before."""
    row = to_row(policy)
    return await ws.db.sla_policies.update({"_id": row.pop("_id"), "revision": policy.revision - 1}, {"$set": row})


async def place(ws: Workspace, policy_id: str, position: int) -> None:
    await ws.db.sla_policies.update({"_id": policy_id}, {"$set": {"position": position}})


async def delete(ws: Workspace, policy_id: str) -> None:
    await ws.db.sla_policies.delete({"_id": policy_id})


def clock_from_row(row: Document) -> sla.Clock:
    """A clock as it stands in a conversation's or ticket's row."""
    values = {f.name: row[f.name] for f in fields(sla.Clock) if f.name in row}
    values["pauses"] = tuple(sla.Pause(**each) for each in row["pauses"])
    values["done"] = tuple(sla.Mark(**each) for each in row["done"])
    values["news"] = tuple(row["news"])
    values["running"] = tuple(row.get("running", ()))
    values["promises"] = tuple(sla.Promise(**each) for each in row.get("promises", ()))
    return sla.Clock(**values)
