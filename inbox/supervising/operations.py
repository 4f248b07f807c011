"""
What an operator looks at: which work waits and for how long, what failed, and having it tried again.

Lanes and waiting work are those of the whole installation (figures only); what failed is the workspace's own.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from app.core import log
from app.core.clock import iso
from app.core.errors import AppError, NotFound
from app.core.platform import dead_letters, probes
from app.core.platform import members as member_rows
from app.core.platform.dead_letters import DeadLetter
from app.core.queue import Lane, health_key
from app.core.runtime import Workspace
from channels.content import preview
from inbox import contents, inbound, outbox, timeline
from inbox.store import entries
from inbox.timeline import Entry

Kind = Literal["inbound", "receipts", "media", "messages", "pushes"]
Cursor = tuple[datetime, str]
# What waits longer than this is late, and what waits longer than that needs somebody now.
LATE_SECONDS = 15.0
STUCK_SECONDS = 120.0
_MOST_COUNTED = 1_000
# Whom a customer can be reached at, by the names that providers have for it; and what was written below a file.
_ADDRESS_NAME = re.compile(
    r"^(from|to|chat|sender|recipient|contact|wa_?id|(user|chat|recipient|sender)_id|username|caption)$", re.IGNORECASE
)
_BATCH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneState:
    """A queue of jobs: how many wait, and whether a worker serves it."""

    name: str
    waiting: int
    served: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkState:
    """Durable work of a kind: how many rows are open (2,000 stands for more), and how long the oldest waits."""

    kind: str
    open: int
    oldest_seconds: float
    level: Literal["ok", "late", "stuck"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    lanes: Sequence[LaneState]
    work: Sequence[WorkState]
    # How many of each kind failed; 1,000 stands for more.
    failed: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """
    `payload` is what was to be worked on, with credentials and addresses struck out; of a push whom it was for and what
    about, not what it says.
    """

    kind: Kind
    id: str
    at: datetime
    account_id: str | None
    error: str
    attempts: int
    payload: Any
    conversation_id: str | None = None
    entry_id: str | None = None


async def overview(ws: Workspace) -> Overview:
    runtime, now = ws.runtime, ws.clock.now()
    lag = await runtime.queue.lag()
    alive = await runtime.redis.mget([health_key(lane) for lane in Lane])
    waiting = await probes.waiting(runtime.mongo)
    put_aside = await dead_letters.count(runtime, ws.id)
    failed_messages = await entries.count_failed(ws, most=_MOST_COUNTED)
    return Overview(
        lanes=[
            LaneState(name=lane.value, waiting=lag[lane.value], served=value is not None)
            for lane, value in zip(Lane, alive, strict=True)
        ],
        work=[_work(kind, count, oldest, now) for kind, (count, oldest) in waiting.items()],
        failed={**put_aside, "messages": failed_messages},
    )


def _work(kind: str, count: int, oldest: datetime | None, now: datetime) -> WorkState:
    seconds = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
    level: Literal["ok", "late", "stuck"] = "ok"
    if seconds > LATE_SECONDS:
        level = "stuck" if seconds > STUCK_SECONDS else "late"
    return WorkState(kind=kind, open=count, oldest_seconds=round(seconds, 1), level=level)


async def failures(ws: Workspace, kind: Kind, *, before: Cursor | None, limit: int) -> list[Failure]:
    """The newest, or the newest before (time, id)."""
    if kind == "messages":
        return [_of_message(entry) for entry in await entries.failed(ws, before=before, limit=limit)]
    found = await dead_letters.page(ws.runtime, ws.id, kind, before=before, limit=limit)
    known = await member_rows.of_workspace(ws.runtime.mongo, ws.id) if kind == "pushes" and found else []
    names = {member.id: member.name for member in known}
    return [_of_letter(letter, names) for letter in found]


def _of_letter(letter: DeadLetter, names: Mapping[str, str]) -> Failure:
    """`names` are those of members, where it is theirs."""
    row = letter.row
    payload: Any = row.get("source")
    if letter.kind == "inbound":
        payload = inbound.readable(bytes(row["body"]))
    elif letter.kind == "receipts":
        payload = [{**report, "at": iso(report["at"])} for report in row["reports"]]
    elif letter.kind == "pushes":
        about = {name: row.get(name) for name in ("kind", "by_name", "ticket_id")}
        payload = {**about, "for": names.get(row["member_id"])}
    return Failure(
        kind=letter.kind,
        id=letter.id,
        at=letter.died_at,
        account_id=letter.account_id,
        error=letter.error,
        attempts=letter.attempts,
        payload=_struck(log.redact(payload)),
        conversation_id=row.get("conversation_id") or None,
        entry_id=row.get("entry_id"),
    )


def _struck(payload: Any, *, whose: bool = False) -> Any:
    """Without customers' addresses; `whose`: this is about one of them, and its `id` is an address."""
    if isinstance(payload, list):
        return [_struck(each, whose=whose) for each in payload]
    if not isinstance(payload, dict):
        return log.STRUCK if whose else payload
    return {
        name: _struck(value, whose=bool(_ADDRESS_NAME.match(name)) or (whose and name == "id"))
        for name, value in payload.items()
    }


def _of_message(entry: Entry) -> Failure:
    error = entry.error or {}
    return Failure(
        kind="messages",
        id=entry.id,
        at=entry.status_times["failed"],
        account_id=entry.account_id,
        error=str(error.get("message") or error.get("code") or ""),
        attempts=entry.attempts,
        payload={
            "text": preview(contents.parsed(entry.content)) if entry.content else "",
            "code": error.get("code"),
            "provider_code": error.get("provider_code"),
        },
        conversation_id=entry.conversation_id,
        entry_id=entry.id,
    )


async def retry(ws: Workspace, kind: Kind, failure_id: str) -> None:
    """Have it tried again. Raises NotFound if it is no longer a failure, and what the gate says of a message."""
    if kind == "messages":
        await outbox.resend(ws, await _failed_message(ws, failure_id))
        return
    letter = await _letter(ws, kind, failure_id)
    if await dead_letters.revive(ws.runtime, letter):
        await _ask(ws, letter)


async def dismiss(ws: Workspace, kind: Kind, failure_id: str) -> None:
    """Somebody has looked at it and nothing is to be done. Raises NotFound."""
    if kind == "messages":
        await entries.dismiss_failed(ws, (await _failed_message(ws, failure_id)).id)
        return
    await dead_letters.dismiss(ws.runtime, await _letter(ws, kind, failure_id))


async def retry_all(ws: Workspace, kind: Kind) -> int:
    """
    Every failure of this kind that there is now; how many were put back to work. Asked twice, or again after a crash,
    it goes on with what is left. A message whose gate says no stays where it is.
    """
    done = 0
    if kind == "messages":
        before: Cursor | None = None
        while found := await entries.failed(ws, before=before, limit=_BATCH):
            before = found[-1].status_times["failed"], found[-1].id
            for entry in found:
                try:
                    await outbox.resend(ws, entry)
                    done += 1
                except AppError as error:
                    ws.log.info("resend_refused", entry_id=entry.id, code=error.code)
        return done
    async for letter in dead_letters.each(ws.runtime, ws.id, kind):
        if await dead_letters.revive(ws.runtime, letter):
            await _ask(ws, letter)
            done += 1
    return done


async def _ask(ws: Workspace, letter: DeadLetter) -> None:
    """A hint to the workers; the sweeper would find the row, too."""
    match letter.kind, letter.pending_key:
        case "inbound", str(order_key):
            await ws.queue.enqueue("process_inbound", order_key, lane=Lane.INBOUND)
        case "receipts", str(account_id):
            await ws.queue.enqueue("apply_receipts", account_id, lane=Lane.INBOUND)
        case "media", _:
            await ws.queue.enqueue("fetch_media", letter.id, lane=Lane.BACKGROUND, job_id=f"media:{letter.id}")
        case "pushes", _:
            await ws.queue.enqueue("push", ws.id, letter.id, lane=Lane.PUSH)


async def _letter(ws: Workspace, kind: dead_letters.Kind, letter_id: str) -> DeadLetter:
    letter = await dead_letters.get(ws.runtime, ws.id, kind, letter_id)
    if letter is None:
        raise NotFound("This is no longer put aside: somebody has had it tried again, or dismissed it.")
    return letter


async def _failed_message(ws: Workspace, entry_id: str) -> Entry:
    entry = await timeline.find(ws, entry_id)
    if entry is None or entry.status != "failed":
        raise NotFound("This message has not failed, or was sent again meanwhile.")
    return entry
