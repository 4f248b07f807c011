"""Queries on pacing: what is settled, what was sent to whom, and who is left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import asdict
from datetime import datetime

from app.core import windows
from app.core.mongo import Document, DuplicateId
from app.core.runtime import Workspace
from crm import pacing


async def get(ws: Workspace) -> pacing.Settled:
    """Point read."""
    row = await ws.db.pacing_settings.get(ws.id) or {}
    settled = pacing.Pacing.model_validate(row["settings"]) if row.get("settings") else pacing.Pacing()
    stopped = pacing.Stopped.model_validate(row["stopped"]) if row.get("stopped") else None
    return pacing.Settled(settled, stopped, bytes(row["pepper"]) if row.get("pepper") else None)


async def pepper(ws: Workspace, new: bytes) -> bytes:
    """The one that is there, else this."""
    await ws.db.pacing_settings.insert_new([{"_id": ws.id}])
    await ws.db.pacing_settings.update({"_id": ws.id, "pepper": None}, {"$set": {"pepper": new}})
    row = await ws.db.pacing_settings.get(ws.id) or {}
    return bytes(row["pepper"])


async def save(ws: Workspace, settled: pacing.Pacing) -> None:
    await _set(ws, {"settings": settled.model_dump(mode="json")})


async def stop(ws: Workspace, stopped: pacing.Stopped | None) -> None:
    await _set(ws, {"stopped": stopped.model_dump() if stopped else None})


async def _set(ws: Workspace, values: Document) -> None:
    await ws.db.pacing_settings.insert_new([{"_id": ws.id}])
    await ws.db.pacing_settings.update({"_id": ws.id}, {"$set": values})


async def sent_to(ws: Workspace, contact_ids: Sequence[str]) -> dict[str, list[pacing.Sent]]:
    """By contact. Point reads."""
    rows = await ws.db.pacing.get_rare(contact_ids)
    return {row["_id"]: [pacing.Sent(**each) for each in row["sent"]] for row in rows}


async def save_sent(ws: Workspace, sent: Mapping[str, Sequence[pacing.Sent]], new: Set[str] = frozenset()) -> None:
    """By contact, in a command for those that had no row when they were read (`new`) and one for the others."""
    rows = {contact_id: [asdict(each) for each in found] for contact_id, found in sent.items()}
    there = await ws.db.pacing.insert_new([{"_id": each, "sent": rows[each]} for each in rows if each in new])
    old = [each for each in rows if each not in new or each in there]
    await ws.db.pacing.update_each([([each], {}, {"$set": {"sent": rows[each]}}) for each in old])


async def forget(ws: Workspace, contact_id: str) -> None:
    """What was sent to somebody, and that they were left out by their contact."""
    await ws.db.pacing.delete({"_id": contact_id})
    await unsuppress(ws, contact_id)


def _id(ws: Workspace, key: str) -> str:
    return f"{ws.id}/{key}"


def _suppression(row: Document) -> pacing.Suppression:
    names = pacing.Suppression.__slots__
    return pacing.Suppression(**{name: row["_id"] if name == "id" else row[name] for name in names})


async def suppressed(ws: Workspace, keys: Sequence[str]) -> dict[str, pacing.Suppression]:
    """By key. Point reads."""
    rows = await ws.db.suppressions.get_many(_id(ws, key) for key in keys)
    return {row["key"]: _suppression(row) for row in rows}


async def any_suppressed(ws: Workspace) -> bool:
    """Index: workspace_id, at."""
    return bool(await ws.db.suppressions.find({}, limit=1, fields=["_id"]))


async def suppress(ws: Workspace, new: pacing.Suppression) -> bool:
    """False if it is there already."""
    try:
        await ws.db.suppressions.insert({**asdict(new), "_id": _id(ws, new.key)})
    except DuplicateId:
        return False
    return True


async def unsuppress(ws: Workspace, key: str) -> bool:
    return bool(await ws.db.suppressions.delete({"_id": _id(ws, key)}))


async def suppressions(ws: Workspace, *, before: tuple[datetime, str] | None, limit: int) -> list[pacing.Suppression]:
    """The newest first. Index: workspace_id, at."""

    async def find(where: Document, sort: list[tuple[str, int]], most: int) -> list[Document]:
        return await ws.db.suppressions.find(where, sort=sort, limit=most)

    now = ws.clock.now()
    rows = await windows.newest(find, "at", now=now, before=before, limit=limit, since=windows.BEGINNING)
    return [_suppression(row) for row in rows]
