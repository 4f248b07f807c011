"""Broadcasts with which something has to be done, over all workspaces."""

import json
from dataclasses import dataclass
from datetime import datetime

from app.core import mongo
from app.core.clock import Clock
from app.core.mongo import Document
from app.core.runtime import Runtime


async def checking(runtime: Runtime) -> list[tuple[str, str]]:
    """(workspace, broadcast) whose check is under way. Index: pending_key, which holds nothing else."""
    where = {"pending_key": {"$gt": ""}}
    rows = await runtime.mongo.broadcast_checks.find(where, {"workspace_id": 1}).limit(500).to_list()
    return [(row["workspace_id"], row["_id"]) for row in rows]


@dataclass(frozen=True, slots=True)
class Due:
    """A broadcast with which something has to be done at that time."""

    workspace_id: str
    broadcast_id: str
    due_at: datetime


async def due(runtime: Runtime, at: datetime) -> list[Due]:
    """Those with which something has to be done by then. Index: due_at, which holds nothing else."""
    fields = {"workspace_id": 1, "due_at": 1}
    rows = await runtime.mongo.broadcast_runs.find({"due_at": {"$lte": at}}, fields).limit(500).to_list()
    return [Due(row["workspace_id"], row["_id"], row["due_at"]) for row in rows]


async def follow_up(db: mongo.Database, clock: Clock) -> None:
    """
    Fallbacks take people over one by one (inbox/mailings/following.py), where they went through mailings from one end
    to the other: who was passed then is not asked about again. May be stopped anywhere.
    """
    mailings = {
        tuple(row["source"]): row["_id"]
        async for row in db.mailings.find({"followed": {"$exists": False}}, {"source": 1})
        if row["source"][0] == "broadcast"
    }
    async for row in db.broadcasts.find({"state": {"$in": ["running", "paused"]}}, {"plan": 1}):
        plan = json.loads(row["plan"])
        run = await db.broadcast_runs.find_one({"_id": row["_id"]}) or {}
        ways = run.get("ways") or []
        for number in range(len(plan.get("fallbacks") or ())):
            way = ways[number] if number < len(ways) else {}
            mailing_id = mailings.get(("broadcast", f"{row['_id']}.{number}" if number else row["_id"]))
            if mailing_id and not way.get("done"):
                await _follow(db, mailing_id, way, clock)
        stages = 1 + bool(plan.get("trial")) + bool(plan.get("experiment"))
        if ways and ways[0].get("passed") and stages > 1 and any("tried" in way for way in ways):
            # They came in another order: rather one too few than anybody twice.
            await db.broadcast_runs.update_one({"_id": row["_id"]}, {"$set": {"ways.0.passed": run["pieces"] * stages}})
    async for run in db.broadcast_runs.find({"ways.0": {"$exists": True}}, {"ways": 1}):
        kept = [{name: value for name, value in way.items() if name not in ("after", "tried")} for way in run["ways"]]
        for way in kept:
            if isinstance(way.get("fresh"), int):
                way["fresh"] = {"no_address": way["fresh"]} if way["fresh"] else {}
        await db.broadcast_runs.update_one({"_id": run["_id"]}, {"$set": {"ways": kept}})


async def _follow(db: mongo.Database, mailing_id: str, way: Document, clock: Clock) -> None:
    """`after` is the last message that had been passed, `tried`: all had."""
    *_, seq, place = (way.get("after") or "..").split(".")
    last = (int(seq), int(place)) if seq else (-1, -1)
    async for work in db.mailing_work.find({"mailing_id": mailing_id}, {"seq": 1, "size": 1}):
        passed = [each for each in range(work["size"]) if way.get("tried") or (work["seq"], each) <= last]
        change = {"$set": {"look_key": mailing_id, "look_at": clock.now()}, "$addToSet": {"p": {"$each": passed}}}
        await db.mailing_work.update_one({"_id": work["_id"]}, change)
    await db.mailings.update_one({"_id": mailing_id}, {"$set": {"followed": True}})
