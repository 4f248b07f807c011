"""Conversations of all workspaces, for a migration."""

from datetime import timedelta

from app.core import mongo

_REPLACED = (
    "workspace_id_1_active_1_last_activity_at_1",
    "workspace_id_1_assignee_id_1_active_1_last_activity_at_1",
)


async def add_facets(db: mongo.Database) -> None:
    """Those without facets get them, and the indexes that these replace go. Goes on where it was stopped."""
    async for row in db.conversations.find({}):
        if "facets" not in row:
            await db.conversations.update_one({"_id": row["_id"]}, {"$set": _found_by(row), "$unset": {"active": ""}})
    present = await db.conversations.index_information()
    for name in _REPLACED:
        if name in present:
            await db.conversations.drop_index(name)


async def add_watchers(db: mongo.Database) -> None:
    """Facets for who follows a conversation, and for what neither a member nor a team has. Safe to run again."""
    async for row in db.conversations.find({}, {"state": 1, "assignee_id": 1, "team_id": 1, "followers": 1}):
        within = row["state"] if row["state"] in ("closed", "snoozed") else "open"
        assignee = row.get("assignee_id")
        new = [f"follow:{member_id}" for member_id in row.get("followers", ()) if member_id != assignee]
        if assignee is None and row.get("team_id") is None:
            new.append(f"{within}:unclaimed")
        if new:
            # One that a message changes at this moment gets them by itself: its row is written as a whole list.
            await db.conversations.update_one({"_id": row["_id"]}, {"$addToSet": {"facets": {"$each": new}}})


def _found_by(row: mongo.Document) -> mongo.Document:
    """As it was when facets came: no tags, teams or priorities yet, and one channel with a reply window."""
    within = row["state"] if row["state"] in ("closed", "snoozed") else "open"
    reach = [{**way, "window_hours": 24 if way["address"].startswith("whatsapp:") else None} for way in row["reach"]]
    assignee, newest = row.get("assignee_id"), row.get("last_entry") or {}
    facets = [within, f"{within}:assignee:{assignee}" if assignee else f"{within}:unassigned"]
    facets += [f"{within}:unread"] if row.get("unread") else []
    facets += [f"{within}:channel:{kind}" for kind in sorted({way["address"].partition(":")[0] for way in reach})]
    heard = [way["last_inbound_at"] for way in reach if way["window_hours"] and way["last_inbound_at"]]
    waits = newest.get("at") if within != "closed" and newest.get("direction") == "in" else None
    return {
        "reach": reach,
        "tags": [],
        "priority": "normal",
        "team_id": None,
        "touched": {},
        "facets": facets,
        "waiting_since": waits,
        "waiting_at": waits if within == "open" else None,
        "closing_at": max(heard) + timedelta(hours=24) if heard and within == "open" else None,
        "revision": row["revision"] + 1,
    }
