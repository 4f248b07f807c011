"""
Providers' reports on mailings: folded by batch, so that a hundred messages change one row however many reports come.

Whoever calls holds the account's lease (see inbox/receipts.py), and a batch has one account: nobody else writes there,
but for a worker that stood still for too long, so a write is on the condition that there was no other since. Each
status of a message is noted with its time and never taken back, so any order and any number of reports end alike.
"""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from app.core.errors import AppError, Conflict, NotFound
from app.core.platform.work import Receipt
from app.core.runtime import Workspace
from channels import accounts, errors
from channels.errors import NotDelivered, RecipientOptedOut, RecipientUnreachable, SendError, Throttled
from crm import changes
from inbox import delivery, spending
from inbox.mailings import mailings, reactions, results
from inbox.mailings.mailing import Recipient, Ref
from inbox.store import mailings as store
from inbox.store.mailings import Group, Work

_TOLD = ("sent", "delivered", "read", "failed")
_TRIES = 5


async def apply(ws: Workspace, account_id: str, reports: Sequence[tuple[Ref, Receipt]]) -> list[Receipt]:
    """Those whose batch is not known, or is just being worked on where it has to be sent again: to be told later."""
    waiting: dict[str, list[tuple[Ref, Receipt]]] = defaultdict(list)
    for ref, report in reports:
        waiting[ref.batch_id].append((ref, report))
    later: list[Receipt] = []
    for _ in range(_TRIES):
        later += await _fold(ws, account_id, waiting)
        if not waiting:
            return later
    return later + [report for told in waiting.values() for _, report in told]


async def _fold(ws: Workspace, account_id: str, waiting: dict[str, list[tuple[Ref, Receipt]]]) -> list[Receipt]:
    """
    Takes in what was told of these batches, and out of `waiting` those that are done: of the others somebody else wrote
    the same part meanwhile. What has to be told later.
    """
    works = await store.works(ws, sorted(waiting))
    failing = [batch_id for batch_id, told in waiting.items() if _any_failed(told) or _has_failed(works.get(batch_id))]
    followed = bool(waiting) and await changes.reports_are_followed(ws)
    groups = await store.groups(ws, list(waiting) if followed else failing)
    # Contacts, in order.
    reached: dict[str, None] = {}
    changed: list[Work] = []
    later: list[Receipt] = []
    learned: dict[str, list[tuple[Ref, Receipt]]] = {}
    for batch_id, told in waiting.items():
        work = works.get(batch_id)
        if work is None or work.account_id != account_id:
            later += [report for _, report in told]
            continue
        any_new = False
        for ref, report in told:
            if report.error is not None and ref.place < work.size:
                final = await _final(ws, account_id, work, ref, report)
                if final is not True:
                    later += [report] if final is None else []
                    continue
            if _note(work, ref, report):
                any_new = True
                if followed and report.status in ("delivered", "read") and batch_id in groups:
                    reached[groups[batch_id].recipients[ref.place].contact_id] = None
                if report.error is not None:
                    learned.setdefault(batch_id, []).append((ref, report))
        if any_new:
            work.td = results.reported_of(work.d, _people(groups.get(batch_id)))
            changed.append(work)
    # One row for all of them, and none where no segment asks for it.
    async with changes.of(ws, reached):
        lost = await store.report(ws, changed)
    for work in changed:
        mailing = await store.get(ws, work.mailing_id) if work.id in learned and work.id not in lost else None
        if mailing is not None:
            await spending.note_batch(ws, mailing, work, groups[work.id])
    for ref, report in (each for batch_id, told in learned.items() if batch_id not in lost for each in told):
        await _learn(ws, account_id, ref, report, groups[ref.batch_id].recipients[ref.place].address)
    # Behind what was learned: who asked to stop is told another way no more.
    news = [work.id for work in changed if work.look_key and work.id in learned and work.id not in lost]
    await store.look_soon(ws, news, ws.clock.now())
    for mailing_id in {work.mailing_id for work in changed}:
        await mailings.tell_progress(ws, mailing_id)
    for batch_id in [batch_id for batch_id in waiting if batch_id not in lost]:
        del waiting[batch_id]
    return later


def _any_failed(told: Sequence[tuple[Ref, Receipt]]) -> bool:
    return any(report.error is not None or report.status == "failed" for _, report in told)


def _has_failed(work: Work | None) -> bool:
    return work is not None and any("failed" in each for each in work.d.values())


def _people(group: Group | None) -> Sequence[Recipient] | None:
    return group.recipients if group else None


def _note(work: Work, ref: Ref, report: Receipt) -> bool:
    """Takes one report in; False if it was known."""
    if report.status not in _TOLD or ref.place >= work.size:
        return False
    key = str(ref.place)
    known = work.d.setdefault(key, {})
    if report.status in known:
        return False
    known[report.status] = store.milliseconds(report.at)
    if report.status == "failed":
        told = report.error or {"code": "send_failed", "message": "The provider could not deliver it."}
        error = errors.from_receipt(told)
        blocked = isinstance(error, RecipientUnreachable) and error.blocked
        known["error"] = {
            "code": "blocked" if blocked else error.code,
            "provider_code": None if blocked else error.provider_code,
            "message": error.message,
        }
    return True


async def _final(ws: Workspace, account_id: str, work: Work, ref: Ref, report: Receipt) -> bool | None:
    """
    Whether a failure is the end for this person. False if they wait to be tried again, or if it is of an earlier try;
    None if the batch is just being worked on.
    """
    key = str(ref.place)
    own = work.o.get(key)
    tries = work.n.get(key, 0)
    if own is None:
        # Its outcome is just being stored; or it waits already.
        return None if ref.place in work.sending else False
    if _of_earlier_try(own, report):
        return False
    if ref.place in work.p:
        # They get it another way by now.
        return True
    error = errors.from_receipt(report.error or {})
    wait = reactions.again(error, tries + 1) if tries < reactions.MAX_ATTEMPTS else None
    if wait is None:
        return True
    mailing = await mailings.get(ws, work.mailing_id)
    if mailing.state == "cancelled" or (mailing.state == "done" and reactions.stops(error)):
        return True
    group = (await store.groups(ws, [work.id]))[work.id]
    # First: once they wait they may go.
    await _learn(ws, account_id, ref, report, group.recipients[ref.place].address, final=False)
    due = report.at + wait
    waiting = [store.milliseconds(due), tries + 1, error.provider_code, error.message]
    work_key = store.work_key(work.mailing_id, work.account_id)
    first = min([due, *([work.due_at] if work.due_at and work.work_key else [])])
    before = dict(work.o)
    del work.o[key]
    work.w[key] = waiting
    told = {place: each for place, each in work.d.items() if place != key}
    values = {
        "o": work.o,
        "d": told,
        f"w.{key}": waiting,
        f"n.{key}": tries + 1,
        "due_at": first,
        "work_key": work_key,
        "to": results.total_of(work, group.recipients),
        "td": results.reported_of(told, group.recipients),
    }
    if not await store.reopen(ws, work, before, values):
        work.o = before
        del work.w[key]
        return None
    work.n[key], work.due_at, work.work_key, work.d = tries + 1, first, work_key, told
    # Read again: it may have ended for lack of people while this one was put back.
    with suppress(AppError):
        await mailings.go_on(ws, mailing.id)
    return False


def _of_earlier_try(own: list[Any], report: Receipt) -> bool:
    """By the provider's id; where the last try has none, because nobody answered, by the time."""
    known = own[2] if len(own) > 2 else []
    if known:
        return report.external_id not in known
    return bool(own[1] > store.milliseconds(report.at + timedelta(minutes=1)))


async def _learn(
    ws: Workspace, account_id: str, ref: Ref, report: Receipt, address: str, *, final: bool = True
) -> None:
    """A failure told by report teaches the same as one told at once."""
    error = errors.from_receipt(report.error or {})
    if not _teaches(error, final=final):
        return
    # An account that was disconnected since has nothing to learn any more.
    with suppress(NotFound):
        account = await accounts.get(ws.runtime, account_id)
        await delivery.learn(ws, account, str(ref), address, error, at=report.at)
    if isinstance(error, RecipientOptedOut):
        await mailings.opted_out(ws, str(ref), report.at)
    if reactions.stops(error):
        mailing = await mailings.get(ws, f"mlg_{ref.code}")
        # It may end at this very moment.
        with suppress(Conflict):
            await mailings.pause(ws, mailing.id, reason=error.message)


def _teaches(error: SendError, *, final: bool) -> bool:
    if isinstance(error, NotDelivered):
        return final
    return reactions.stops(error) or isinstance(error, RecipientOptedOut | RecipientUnreachable | Throttled)


def split(reports: Sequence[Receipt]) -> tuple[list[tuple[Ref, Receipt]], list[Receipt]]:
    """Those on mailings, and the others."""
    ours: list[tuple[Ref, Receipt]] = []
    others: list[Receipt] = []
    for report in reports:
        ref = Ref.parse(report.correlation)
        if ref is None:
            others.append(report)
        else:
            ours.append((ref, report))
    return ours, others
