"""
Importing people from a table: looked at, mapped, tried out, and then done batch by batch.

A batch does the same however often it is done: contacts that are made have ids that derive from their first address,
what they have already is not written again, and the batch's results are one row under its number. So an import goes on
where a killed process stopped, and doing it once more changes nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from redis.exceptions import RedisError

from app.core import audit, clock, ids, leases, rounds
from app.core.audit import Target
from app.core.errors import AppError, Conflict, FieldError, Forbidden, Invalid, NotFound
from app.core.files import FileMissing
from app.core.mongo import DatabaseError
from app.core.permissions import Actor, Permission, Rights, Scope
from app.core.platform import imports as platform
from app.core.queue import Lane
from app.core.runtime import Runtime, Workspace
from app.core.stream import event
from crm import encodings, fields, lists, rows, tables
from crm.rows import Outcome, Plan, Problem
from crm.store import imports as store
from crm.tables import Shape

State = Literal["uploaded", "checking", "checked", "running", "done", "cancelled", "failed"]
Rule = Literal["fill", "overwrite", "skip"]

MOST_BYTES = 500_000_000
MOST_SHOWN = 50
BATCH = 200
# The results of a batch are one document of the database.
_BATCH_CHARS = 1_000_000
EVERY_SECONDS = 5.0
_BUSY = ("checking", "running")
_RESULTS = ("created", "updated", "unchanged", "refused")


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """
    Evidence that the people in the table agreed to marketing: where they said so, the words that they saw, and when;
    `at` for all, or the column that says it for each. Who has no date in it has not agreed.
    """

    source: str
    wording: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """
    `mapping` is what each column is (see rows.TARGETS), "" where it is left out. `rule` is about values that contacts
    have already; `channels` are those on which a phone number is theirs.
    """

    mapping: tuple[str, ...]
    rule: Rule = "fill"
    channels: tuple[str, ...] = ("sms",)
    tags: tuple[str, ...] = ()
    list_id: str | None = None
    stage: str | None = None
    consent: Consent | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """
    `next` is the batch to be done next, `read` the last row before it, `share` how far in the file that is, to 1.
    `turn` stands for one time that it was begun: what an earlier one has still in hand changes nothing.
    """

    id: str
    name: str
    bytes: int
    shape: Shape
    by_type: Literal["member", "token", "system"]
    by_id: str
    by_name: str
    created_at: datetime
    digest: str = ""
    state: State = "uploaded"
    options: Options | None = None
    next: int = 0
    read: int = 0
    share: float = 0.0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    consented: int = 0
    problems: tuple[Problem, ...] = ()
    why: str | None = None
    finished_at: datetime | None = None
    turn: str | None = None


def require(actor: Actor) -> None:
    """Who does not see everybody would learn whom we know. Raises Forbidden."""
    actor.require(Permission.CONTACTS_WRITE)
    if actor.rights.scope is not Scope.EVERYTHING or actor.rights.masks:
        raise Forbidden("Tables of people are for those who see all contacts, and all of them.")


def key_of(ws: Workspace, import_id: str) -> str:
    return ws.file_key(import_id)


async def begin(ws: Workspace, actor: Actor, name: str, pieces: AsyncIterator[bytes]) -> Import:
    """Takes the file as it comes. Raises Forbidden, Invalid, TooLarge."""
    require(actor)
    import_id = ids.new("imp")
    sample, size, digest, letters = bytearray(), 0, hashlib.sha256(), encodings.Letters()

    async def passing() -> AsyncIterator[bytes]:
        nonlocal size
        async for piece in pieces:
            size += len(piece)
            if size > MOST_BYTES:
                # The rest is not taken; what is there is deleted below.
                return
            if len(sample) < tables.SAMPLE_BYTES:
                sample.extend(piece[: tables.SAMPLE_BYTES - len(sample)])
            digest.update(piece)
            letters.feed(piece)
            if piece:
                yield piece

    try:
        await ws.runtime.files.put_stream(key_of(ws, import_id), passing())
        if size > MOST_BYTES:
            raise Invalid.field("file", f"A table may have {MOST_BYTES // 1_000_000} MB; split it.")
        shape = tables.shape_of(bytes(sample))
        shape = replace(shape, encoding=letters.encoding(shape.encoding))
    except AppError:
        await ws.runtime.files.delete(key_of(ws, import_id))
        raise
    made = Import(
        id=import_id,
        name=name[:200] or "contacts.csv",
        bytes=size,
        shape=shape,
        digest=digest.hexdigest(),
        by_type=actor.type,
        by_id=actor.id,
        by_name=actor.name,
        created_at=ws.clock.now(),
    )
    await store.insert(ws, made)
    return made


async def get(ws: Workspace, import_id: str) -> Import:
    """Raises NotFound."""
    found = await store.get(ws, import_id)
    if found is None:
        raise NotFound("There is no such import.")
    return found


async def latest(ws: Workspace) -> list[Import]:
    """The newest 50."""
    return await store.latest(ws, limit=50)


async def start(ws: Workspace, actor: Actor, import_id: str, options: Options, *, dry: bool) -> Import:
    """
    Begins to try it out (`dry`), or to do it. Raises Forbidden, NotFound, Conflict; Invalid where the options are not
    right, or evidence of consent is missing.
    """
    require(actor)
    now = await get(ws, import_id)
    await _check(ws, now, options)
    before = ("uploaded", "checked", "cancelled", "failed")
    begun = replace(
        Import(**{name: getattr(now, name) for name in _GIVEN}),
        state="checking" if dry else "running",
        options=options,
        turn=ids.new("trn"),
    )
    if now.state not in before or not await store.turn(ws, begun, now.state, now.turn):
        raise Conflict("This import is under way, or over.", code="not_waiting")
    await store.forget_results(ws, import_id)
    if not dry:
        detail = {"file": now.name, "rule": options.rule, "consent": options.consent is not None}
        await audit.record(ws, actor, "contacts.import_started", Target("import", now.id, now.name), detail)
    await _enqueue(ws, import_id)
    await _tell(ws, begun)
    return begun


_GIVEN = ("id", "name", "bytes", "shape", "digest", "by_type", "by_id", "by_name", "created_at")


async def _check(ws: Workspace, now: Import, options: Options) -> None:
    known = await fields.get(ws)
    wrong: list[FieldError] = []
    if len(options.mapping) != len(now.shape.header):
        wrong.append(FieldError("mapping", f"Say for each of the {len(now.shape.header)} columns what it is."))
    targets = rows.targets(known)
    for at, target in enumerate(options.mapping):
        if target and target not in targets:
            wrong.append(FieldError(f"mapping.{at}", "There is no such value of a contact."))
        elif target and target != "tags" and options.mapping.index(target) != at:
            wrong.append(FieldError(f"mapping.{at}", "Another column is that already."))
    if not {"phone", "email", "external_id"} & set(options.mapping):
        wrong.append(FieldError("mapping", "One column has to be a phone number, an e-mail address or an id."))
    if "phone" in options.mapping and not options.channels:
        wrong.append(FieldError("channels", "Choose on which channels these numbers are."))
    if options.list_id is not None:
        await lists.get(ws, options.list_id)
    if options.stage is not None and known.stage(options.stage) is None:
        wrong.append(FieldError("stage", "There is no such stage."))
    consent = options.consent
    if consent is None and "consent_at" in options.mapping:
        wrong.append(FieldError("consent", "Say where they agreed, and to which words."))
    if consent is not None:
        if not consent.source.strip() or not consent.wording.strip():
            wrong.append(FieldError("consent", "Say where they agreed, and to which words."))
        if consent.at is None and "consent_at" not in options.mapping:
            wrong.append(FieldError("consent.at", "Say when they agreed, or which column says it."))
        if consent.at is not None and consent.at > ws.clock.now():
            wrong.append(FieldError("consent.at", "Nobody has agreed in the future."))
    if wrong:
        raise Invalid(wrong[0].message if len(wrong) == 1 else "Some settings are not right.", errors=tuple(wrong))


async def cancel(ws: Workspace, import_id: str) -> Import:
    """What was done stays done. Raises NotFound, Conflict."""
    now = await get(ws, import_id)
    stopped = replace(now, state="cancelled" if now.state == "running" else "uploaded", finished_at=ws.clock.now())
    if now.state not in _BUSY or not await store.turn(ws, stopped, now.state, now.turn):
        raise Conflict("This import is not under way.", code="not_running")
    await _tell(ws, stopped)
    return stopped


async def results(ws: Workspace, import_id: str) -> AsyncIterator[bytes]:
    """The table of results, piece by piece: number, what became of it, the contact, why not; refused rows whole."""
    now = await get(ws, import_id)
    yield tables.written([["row", "result", "contact_id", "reason", *now.shape.header]])
    for batch in range(now.next):
        outcomes = await store.results(ws, import_id, batch)
        yield tables.written(
            [
                *(str(each.row), each.result, each.contact_id or "", each.reason or ""),
                *(cell.replace(tables.ILLEGIBLE, "\ufffd") for cell in each.cells),
            ]
            for each in outcomes
        )


async def forget(ws: Workspace, contact_ids: Sequence[str], handles: Sequence[str], *, until: datetime) -> int:
    """
    Nothing of these people is left in results of imports begun before then, nor in their files, save of one that is
    just being read; how many rows that concerned. A table that waits to be imported would bring them back: it goes,
    too. Reads every batch: for a job.
    """
    people, known, found = frozenset(contact_ids), frozenset(handles), 0
    async for made in store.every(ws):
        if made.created_at > until:
            continue
        forgotten: set[int] = set()
        for batch in range(made.next):
            outcomes = await store.results(ws, made.id, batch)
            mine = {each.row for each in outcomes if _is_of(each, people, known)}
            if mine:
                kept = [_forgotten(each) if each.row in mine else each for each in outcomes]
                await store.keep_results(ws, made.id, batch, kept)
            forgotten |= mine
        if made.state in ("uploaded", "checked"):
            why = "Somebody who may be in this table was erased since; upload it again."
            stopped = replace(made, state="failed", why=why, finished_at=ws.clock.now())
            if await store.turn(ws, stopped, made.state, made.turn):
                made = stopped
                await _tell(ws, made)
        if made.state not in _BUSY:
            await ws.runtime.files.delete(key_of(ws, made.id))
            await store.hide_rows(ws, made, forgotten)
        found += len(forgotten)
    return found


async def drop(ws: Workspace, before: datetime, *, dry: bool) -> int:
    """Files, results and what is shown of imports begun before then and not under way; how many (`dry`: only that)."""
    found = 0
    async for made in store.every(ws):
        if made.created_at >= before or made.state in _BUSY or not (made.shape.rows or made.next):
            continue
        found += 1
        if not dry:
            await ws.runtime.files.delete(key_of(ws, made.id))
            await store.forget_results(ws, made.id)
            await store.empty(ws, made.id)
    return found


def _is_of(outcome: Outcome, people: frozenset[str], handles: frozenset[str]) -> bool:
    cells = {re.sub(r"[\s()./-]", "", cell).casefold() for cell in outcome.cells}
    return outcome.contact_id in people or any(handle.removeprefix("user:") in cells for handle in handles)


def _forgotten(outcome: Outcome) -> Outcome:
    return replace(outcome, contact_id=None, reason=outcome.reason and "This person was erased.", cells=())


# --- doing --------------------------------------------------------------------------------------------------------


async def run(runtime: Runtime) -> None:
    """Puts back to work what a crash has left, until cancelled."""
    while True:
        await rounds.rest(EVERY_SECONDS)
        with suppress(DatabaseError, RedisError, OSError, TimeoutError):
            for workspace_id, import_id in await platform.pending(runtime):
                await _enqueue(runtime.workspace(workspace_id), import_id)


async def _enqueue(ws: Workspace, import_id: str) -> None:
    await ws.queue.enqueue("run_import", ws.id, import_id, lane=Lane.BACKGROUND, job_id=f"import:{import_id}")


async def run_one(ws: Workspace, import_id: str) -> None:
    """Until it is over or cancelled. One process at a time; another goes on where this one was stopped."""
    # Of the same file twice one waits for the other, and finds what that has made.
    file = (await get(ws, import_id)).digest or import_id
    async with leases.hold(ws.redis, f"import:{ws.id}:{file}") as lease:
        now = await get(ws, import_id)
        if lease is None or now.state not in _BUSY or now.options is None:
            return
        try:
            await _carry(ws, now, now.options, lease)
        except (FileMissing, Invalid) as error:
            why = "The file is gone; upload it again." if isinstance(error, FileMissing) else str(error)
            failed = replace(await get(ws, import_id), state="failed", why=why, finished_at=ws.clock.now())
            if failed.turn == now.turn and await store.turn(ws, failed, now.state, now.turn):
                await _tell(ws, failed)


async def _carry(ws: Workspace, now: Import, options: Options, lease: leases.Lease) -> None:
    plan = await Plan.of(ws, now, options)
    dry = now.state == "checking"
    if dry:
        # What it would have made so far is known to the process alone that has tried it.
        now = Import(**{name: getattr(now, name) for name in (*_GIVEN, "state", "options", "turn")})
    taken, chars = 0, 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal taken
        async for piece in ws.runtime.files.stream(key_of(ws, now.id)):
            taken += len(piece)
            yield piece

    batch: list[tuple[int, list[str]]] = []
    async for number, cells in tables.rows_of(pieces(), now.shape):
        # What was done before a crash is only read past.
        if number <= now.read:
            continue
        batch.append((number, cells))
        chars += sum(map(len, cells))
        if len(batch) < BATCH and chars < _BATCH_CHARS:
            continue
        share = min(0.999, taken / max(1, now.bytes))
        following = await _done(ws, now, await plan.work(ws, batch, dry=dry), share)
        batch, chars = [], 0
        if following is None or lease.lost:
            return
        now = following
    if batch:
        last = await _done(ws, now, await plan.work(ws, batch, dry=dry), 1.0)
        if last is None:
            return
        now = last
    over = replace(now, state="checked" if dry else "done", share=1.0, finished_at=ws.clock.now())
    if await store.turn(ws, over, now.state, now.turn):
        if not dry:
            counts = {"created": over.created, "updated": over.updated, "refused": over.refused}
            by = Actor(over.by_type, over.by_id, over.by_name, "", Rights())
            await audit.record(
                ws, by, "contacts.imported", Target("import", over.id, over.name), counts, once=f"{over.id}/done"
            )
        await _tell(ws, over)


async def _done(ws: Workspace, now: Import, outcomes: Sequence[Outcome], share: float) -> Import | None:
    """The import with a batch counted in; None where it was cancelled meanwhile."""
    await store.keep_results(ws, now.id, now.next, outcomes)
    counts = {
        name: sum(each.result == name for each in outcomes) for name in ("created", "updated", "unchanged", "refused")
    }
    problems = [Problem(each.row, each.reason) for each in outcomes if each.result == "refused" and each.reason]
    following = replace(
        now,
        next=now.next + 1,
        read=outcomes[-1].row if outcomes else now.read,
        share=share,
        consented=now.consented + sum(each.consented for each in outcomes),
        problems=(*now.problems, *problems)[:MOST_SHOWN],
        **{name: getattr(now, name) + count for name, count in counts.items()},
    )
    if not await store.turn(ws, following, now.state, now.turn):
        # Stopped while this batch was done: it is done all the same, and counts.
        over = replace(following, state="cancelled", finished_at=ws.clock.now())
        if now.state == "running" and await store.turn(ws, over, "cancelled", now.turn):
            await _tell(ws, over)
        return None
    await _tell(ws, following)
    return following


def told(now: Import) -> Mapping[str, Any]:
    """How far it is, as screens are told."""
    return {
        "id": now.id,
        "state": now.state,
        "share": round(now.share, 4),
        "read": now.read,
        "created": now.created,
        "updated": now.updated,
        "unchanged": now.unchanged,
        "refused": now.refused,
        "consented": now.consented,
        "finished_at": clock.iso(now.finished_at),
    }


async def _tell(ws: Workspace, now: Import) -> None:
    with suppress(RedisError):
        await ws.stream.publish(ws.id, [event("import", told(now))])
