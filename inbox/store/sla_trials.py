"""Queries on trials of service levels. Index of their rows: workspace_id, trial_id, number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from app.core.mongo import Document
from app.core.runtime import Workspace
from inbox.store import sla_policies
from inbox.ticketing import sla_trials


def _row(trial: sla_trials.Trial) -> Document:
    row = asdict(trial)
    row["_id"] = row.pop("id")
    row["policy"] = sla_policies.to_row(trial.policy)
    return row


def _trial(row: Document) -> sla_trials.Trial:
    values: dict[str, Any] = {f.name: row[f.name] for f in fields(sla_trials.Trial) if f.name in row}
    values["policy"] = sla_policies.from_row(row["policy"])
    return sla_trials.Trial(id=row["_id"], **values)


async def insert(ws: Workspace, trial: sla_trials.Trial, expires_at: datetime) -> None:
    await ws.db.sla_trials.insert({**_row(trial), "expires_at": expires_at})


async def get(ws: Workspace, trial_id: str) -> sla_trials.Trial | None:
    row = await ws.db.sla_trials.get(trial_id)
    return _trial(row) if row else None


async def advance(ws: Workspace, old: sla_trials.Trial, new: sla_trials.Trial) -> bool:
    """From one batch to the next; False if it is not at this batch any more, or has been cancelled."""
    row = _row(new)
    del row["_id"], row["policy"]
    return await ws.db.sla_trials.update({"_id": old.id, "batch": old.batch, "state": "running"}, {"$set": row})


async def end(ws: Workspace, trial_id: str, state: sla_trials.State) -> None:
    await ws.db.sla_trials.update({"_id": trial_id, "state": "running"}, {"$set": {"state": state}})


async def insert_rows(ws: Workspace, trial_id: str, rows: Sequence[sla_trials.Row], expires_at: datetime) -> None:
    """Those that are there already, from a batch that is done again, are left as they are."""
    found = []
    for row in rows:
        document = asdict(row)
        document["subject_id"] = document.pop("id")
        found.append({"_id": f"{trial_id}/{row.number}", "trial_id": trial_id, "expires_at": expires_at, **document})
    await ws.db.sla_trial_rows.insert_new(found)


async def rows(ws: Workspace, trial_id: str, *, after: int, limit: int) -> list[sla_trials.Row]:
    """Those with a higher number than `after`, ascending. Index: workspace_id, trial_id, number."""
    numbers = {"$gt": after, "$lte": after + limit}
    found = await ws.db.sla_trial_rows.find({"trial_id": trial_id, "number": numbers}, limit=limit)
    return sorted(map(_found, found), key=lambda row: row.number)


def _found(row: Document) -> sla_trials.Row:
    values: dict[str, Any] = {f.name: row[f.name] for f in fields(sla_trials.Row) if f.name in row}
    values["id"] = row["subject_id"]
    values["differences"] = tuple(sla_trials.Difference(**each) for each in row["differences"])
    return sla_trials.Row(**values)
