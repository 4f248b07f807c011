"""The audit trail: who changed or exported what, when and from where. Appended to, never changed."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from app.core import ids, mongo, windows
from app.core.log import redact
from app.core.permissions import Actor
from app.core.runtime import Workspace


@dataclass(frozen=True, slots=True)
class Target:
    """What it was done to; `label` is its name at that time."""

    type: str
    id: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    id: str
    at: datetime
    actor_type: str
    actor_id: str
    actor_name: str
    action: str
    target: Target
    detail: Mapping[str, Any] = field(default_factory=dict)
    ip: str | None = None


async def record(
    ws: Workspace,
    actor: Actor,
    action: str,
    target: Target,
    detail: Mapping[str, Any] | None = None,
    *,
    once: str | None = None,
) -> None:
    """
    Append one entry. `action` is noun.past: `member.invited`, `account.deleted`.

    Whatever looks like a credential in `detail` is struck out, so a caller may pass a whole change. `once` names the
    deed where it may be recorded again after a crash: of one name there is one entry.
    """
    row = {
        "_id": ids.derived("aud", ws.id, once) if once else ids.new("aud"),
        "at": ws.clock.now(),
        "actor": {"type": actor.type, "id": actor.id, "name": actor.name},
        "action": action,
        "noun": action.partition(".")[0],
        "target": {"type": target.type, "id": target.id, "label": target.label},
        "detail": redact(dict(detail or {})),
        "ip": actor.ip,
    }
    with suppress(mongo.DuplicateId):
        await ws.db.audit.insert(row)


async def nameless(ws: Workspace, target_ids: Iterable[str], hidden: Mapping[str, str] | None = None) -> int:
    """
    What was done to these stays, who they were does not; how many entries there are. Of an erased person's the trail
    keeps ids, which are nobody's any more, and of what names them itself (`hidden`) what is to stand for it.
    Index: workspace_id, target.id.
    """
    found = 0
    for target_id, became in ({each: each for each in target_ids} | dict(hidden or {})).items():
        change = {"$set": {"target.id": became, "target.label": "", "detail": {}}}
        found += await ws.db.audit.update_all({"target.id": target_id}, change)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What to look for: who did it, the noun of the action, when (`until` excluded). None: any."""

    actor_id: str | None = None
    about: str | None = None
    since: datetime | None = None
    until: datetime | None = None


async def page(
    ws: Workspace, *, before: tuple[datetime, str] | None, limit: int, wanted: Filter | None = None
) -> list[AuditEntry]:
    """
    The newest entries that fit, or the newest before (time, id).

    Indexes: workspace_id, actor.id or noun (or neither), at.
    """
    wanted = wanted or Filter()
    given = {"actor.id": wanted.actor_id, "noun": wanted.about}
    fixed = {name: value for name, value in given.items() if value is not None}

    async def find(where: mongo.Document, sort: list[tuple[str, int]], most: int) -> list[mongo.Document]:
        return await ws.db.audit.find({**fixed, **where}, sort=sort, limit=most)

    since = max(wanted.since or windows.BEGINNING, windows.BEGINNING)
    until = min(wanted.until or ws.clock.now(), ws.clock.now())
    if wanted.until is not None and until == wanted.until:
        # The windows begin a second later, for what was written by another clock.
        until -= timedelta(seconds=1)
    rows = await windows.newest(find, "at", now=until, before=before, limit=limit, since=since)
    return [_entry(row) for row in rows]


def _entry(row: mongo.Document) -> AuditEntry:
    actor, target = row["actor"], row["target"]
    return AuditEntry(
        id=row["_id"],
        at=row["at"],
        actor_type=actor["type"],
        actor_id=actor["id"],
        actor_name=actor["name"],
        action=row["action"],
        target=Target(target["type"], target["id"], target["label"]),
        detail=row["detail"],
        ip=row["ip"],
    )
