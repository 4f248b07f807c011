"""Mailings, before it is known whose they are: those that run, and whose a short link is."""

from dataclasses import dataclass

from app.core.runtime import Runtime

# Of all businesses of an installation together.
_MOST = 2_000


@dataclass(frozen=True, slots=True)
class Running:
    workspace_id: str
    id: str


async def running(runtime: Runtime) -> list[Running]:
    """Index: active_key, which holds nothing else."""
    rows = await runtime.mongo.mailings.find({"active_key": {"$gt": ""}}, {"workspace_id": 1}).limit(_MOST).to_list()
    return [Running(row["workspace_id"], row["_id"]) for row in rows]


async def with_waiting(runtime: Runtime) -> list[Running]:
    """Those that run no more, and of which something may not stand on timelines yet. Index: waiting_key."""
    wanted = {"workspace_id": 1, "active_key": 1}
    rows = await runtime.mongo.mailings.find({"waiting_key": {"$gt": ""}}, wanted).limit(_MOST).to_list()
    return [Running(row["workspace_id"], row["_id"]) for row in rows if "active_key" not in row]


async def workspace_of(runtime: Runtime, mailing_id: str) -> str | None:
    """Point read."""
    row = await runtime.mongo.mailings.find_one({"_id": mailing_id}, {"workspace_id": 1})
    return row["workspace_id"] if row else None


async def to_place(runtime: Runtime, *, limit: int) -> list[tuple[str, str]]:
    """(workspace, batch) of those whose messages do not stand on timelines yet. Index: place_key."""
    found = runtime.mongo.mailing_work.find({"place_key": {"$gt": ""}}, {"workspace_id": 1}).limit(limit)
    return [(row["workspace_id"], row["_id"]) for row in await found.to_list()]
