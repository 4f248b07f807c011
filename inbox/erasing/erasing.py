"""Erasing a person: begun by a colleague, carried through by a job, and gone on with after a crash."""

from contextlib import suppress

from redis.exceptions import RedisError

from app.core import audit, leases, rounds
from app.core.audit import Target
from app.core.errors import Conflict
from app.core.mongo import DatabaseError
from app.core.permissions import Actor
from app.core.platform import imports as platform
from app.core.queue import Lane
from app.core.runtime import Runtime, Workspace
from crm import contacts, erasures
from crm.erasures import Erasure
from inbox import live
from inbox.erasing.steps import STEPS


async def begin(ws: Workspace, actor: Actor, contact_id: str, reason: str) -> Erasure:
    """It cannot be taken back. Raises Forbidden, NotFound; Conflict (a legal hold, a merge, or it is under way)."""
    contact = await contacts.get(ws, contact_id)
    made = await erasures.begin(ws, actor, contact, reason)
    detail = {"erasure_id": made.id, "reason": reason}
    await audit.record(ws, actor, "contact.erasing", Target("contact", contact.id), detail, once=f"{made.id}/begun")
    await _enqueue(ws, made.id)
    return made


async def run(runtime: Runtime) -> None:
    """Puts back to work what a crash has left, until cancelled."""
    while True:
        await rounds.rest(runtime.settings.round_seconds)
        with suppress(DatabaseError, RedisError, OSError, TimeoutError):
            for workspace_id, erasure_id in await platform.pending_erasures(runtime):
                await _enqueue(runtime.workspace(workspace_id), erasure_id)


async def _enqueue(ws: Workspace, erasure_id: str) -> None:
    await ws.queue.enqueue("run_erasure", ws.id, erasure_id, lane=Lane.BACKGROUND, job_id=f"erasure:{erasure_id}")


async def run_one(ws: Workspace, erasure_id: str) -> None:
    """Until it is done. One process at a time; another goes on where this one was stopped."""
    async with leases.hold(ws.redis, f"erasure:{erasure_id}") as lease:
        if lease is None:
            return
        known = await erasures.get(ws, erasure_id)
        with suppress(Conflict):
            while known.state == "running" and not lease.lost:
                known = await STEPS[known.step](ws, known)
                if known.state == "running":
                    known = await erasures.advance(ws, known, step=known.step + 1)
                await live.publish(ws, live.event("erasure", told(known)))


def told(known: Erasure) -> dict[str, object]:
    """How far it is, as screens are told."""
    return {"id": known.id, "contact_id": known.contact_id, "state": known.state, "share": share(known)}


def share(known: Erasure) -> float:
    """How much of it is done, to 1."""
    return 1.0 if known.state == "done" else round(known.step / len(STEPS), 2)
