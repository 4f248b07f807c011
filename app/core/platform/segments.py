"""Segments over all workspaces: those that are work, and, for migrations, those that count."""

from typing import Any

from app.core import mongo, rules
from app.core.clock import Clock
from app.core.runtime import Runtime

_MOST = 500


async def pending(runtime: Runtime) -> set[str]:
    """Workspaces in which there is something to do. Indexes: work_key of each, which hold nothing else."""
    found: set[str] = set()
    mongo = runtime.mongo
    for rows in (mongo.segments, mongo.segment_moves, mongo.segment_previews, mongo.segment_snapshots):
        marked = await rows.find({"work_key": {"$gt": ""}}, {"workspace_id": 1}).limit(_MOST).to_list()
        found |= {row["workspace_id"] for row in marked}
    return found


async def count_again(db: mongo.Database, clock: Clock, *, after: str) -> list[str]:
    """
    Those behind this id whose rule counts what happened, and those that ask for one of these, are worked out anew; the
    ids of the next few, none at the end.
    """
    counting = await _counting(db)
    chosen = sorted(each for each in counting if each > after)[:_MOST]
    for segment_id in chosen:
        row = counting[segment_id]
        building = {"cursor": "", "seen": 0, "found": 0, "estimate": row.get("count", 0), "started_at": clock.now()}
        change = {"$set": {"building": building, "work_key": row["workspace_id"]}, "$inc": {"rule_revision": 1}}
        await db.segments.update_one({"_id": segment_id, "deleted": None}, change)
    return chosen


async def _counting(db: mongo.Database) -> dict[str, mongo.Document]:
    known = {row["_id"]: row async for row in db.segments.find({}) if not row.get("deleted")}
    found = {each for each, row in known.items() if any("count" in leaf for leaf in rules.leaves(row["rule"]))}
    new = found
    while new:
        new = {each for each, row in known.items() if each not in found and _named(row["rule"]) & new}
        found |= new
    return {each: known[each] for each in found}


def _named(rule: rules.Rule) -> set[Any]:
    asked = [leaf for leaf in rules.leaves(rule) if leaf.get("field") == "segments"]
    return {each for leaf in asked for each in leaf.get("value") or ()}
