"""
What became of a broadcast: how far it is, the funnel, the variants, who got it, and for any person in one sentence why
they did or did not.

Numbers are the mailings' (inbox/mailings); a person whom a fallback reached counts once. Whoever was in the audience is
in one of these numbers: `unexplained` says how many are not, and is 0 once everybody was looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

from app.core import audit
from app.core.clock import iso
from app.core.errors import Forbidden
from app.core.permissions import Actor, Scope
from app.core.runtime import Workspace
from automations import broadcasts, carrying, effects, experiments, reasons, rolls, runs
from automations.broadcasts import Broadcast
from automations.effects import Done
from automations.experiments import Share, Verdict
from automations.rolls import Place
from automations.runs import Recall, Run, Way
from channels import accounts, registry
from channels.contract import Receipts
from crm import gate, tables
from crm.store import contacts as contact_rows
from inbox import timeline
from inbox.answering import prices
from inbox.answering.prices import minor
from inbox.mailings import mailings
from inbox.mailings.mailing import Mailing, Outcome, Progress, Tally

FUNNEL: Final = ("sent", "delivered", "read", "clicked", "replied", "opted_out")
# Of the funnel, what a channel that tells so far leaves unknown.
_UNTOLD: Final[Mapping[Receipts, tuple[str, ...]]] = {"sent": ("delivered", "read"), "delivered": ("read",), "read": ()}
_PAGE: Final = 100
_MERGED: Final = "merged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """
    How it goes. `people` are in the audience as far as it is written down; `dropped` of them were left out before the
    mailing, by reason. `rate` is messages a second. `ways` are its mailings, the first its own; `receipts` says of each
    how far its channel tells. `delivered_of` are those sent by the ones that tell what was delivered, `read_of` those
    delivered by the ones that tell who has read; None without any. `held_until`: the provider lets us write to nobody
    new before then.
    """

    people: int
    built: bool
    stage: str | None
    dropped: Mapping[str, int]
    total: Tally
    ways: tuple[Progress, ...]
    receipts: tuple[Receipts, ...]
    delivered_of: int | None
    read_of: int | None
    rate: float
    eta: datetime | None
    held_until: datetime | None
    next_look: datetime | None
    spent_minor: int
    currency: str
    unexplained: int
    recall: Recall | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One variant: how many got it, and what share of them went how far, as far as its channel tells."""

    key: str
    name: str
    shares: Mapping[str, Share]


@dataclass(frozen=True, slots=True)
class Why:
    """What became of one person, in a sentence; `at` is when the newest of it happened."""

    outcome: Literal["reached", "waiting", "failed", "left_out", "not_in_audience", "not_yet"]
    sentence: str
    at: datetime | None = None


async def now_of(ws: Workspace, broadcast: Broadcast) -> Now:
    run = await runs.of(ws, broadcast.id) or Run(id=broadcast.id, due_at=None)
    ways = await _ways(ws, broadcast.id)
    stages = experiments.stages(broadcast.plan)
    total = _together(ways, run.ways)
    dropped = _left_out(run)
    left = max(0, run.people - dropped.total() - total.total)
    if broadcast.state == "cancelled":
        # Their turn never comes.
        total, left = replace(total, total=total.total + left, cancelled=total.cancelled + left), 0
    going = broadcast.state == "running"
    receipts = (await _receipts(ws, broadcast))[: max(1, len(ways))]
    delivered_of = sum(way.sent for way, told in zip(ways, receipts, strict=False) if told != "sent")
    read_of = sum(way.delivered for way, told in zip(ways, receipts, strict=False) if told == "read")
    return Now(
        people=run.people,
        built=run.built,
        stage=stages[run.stage] if going and run.stage < len(stages) else None,
        dropped=dropped,
        total=total,
        ways=tuple(ways),
        receipts=receipts,
        # Whom a fallback took over may count on two ways.
        delivered_of=min(delivered_of, total.sent) if any(told != "sent" for told in receipts) else None,
        read_of=min(read_of, total.delivered) if "read" in receipts else None,
        rate=sum(way.rate for way in ways),
        eta=max((way.eta for way in ways if way.eta), default=None),
        held_until=min((way.held_until for way in ways if way.held_until), default=None),
        next_look=run.due_at if going else None,
        spent_minor=minor(total.cost_minor),
        currency=await _currency(ws, broadcast),
        unexplained=left,
        recall=run.recall,
    )


def _left_out(run: Run) -> Counter[str]:
    """By reason, less those whom a fallback took over."""
    left = Counter(run.dropped)
    for way in run.ways:
        for reason, count in way.fresh.items():
            # On the way before this one the reason may have been another.
            for each in (reason, *runs.NO_WAY):
                gone = min(count, left[each])
                left[each] -= gone
                count -= gone
    return +left


async def _receipts(ws: Workspace, broadcast: Broadcast) -> tuple[Receipts, ...]:
    """Of each of its ways, how far its channel tells; nothing of an account that is gone."""
    plan = broadcast.plan
    known = {row.id: row for row in await ws.runtime.accounts.of_workspace(ws.id)}
    rows = [known.get(each or "") for each in (plan.account_id, *(way.account_id for way in plan.fallbacks))]
    return tuple(
        "sent" if row is None else registry.adapter(row.kind).capabilities(accounts.channel_account(row)).receipts
        for row in rows
    )


async def _ways(ws: Workspace, broadcast_id: str) -> list[Progress]:
    found: list[Progress] = []
    for source in rolls.sources(broadcast_id):
        mailing = await mailings.find(ws, source)
        if mailing is None:
            break
        found.append(await mailings.progress(ws, mailing.id))
    return found


def _together(ways: Sequence[Progress], taken: Sequence[Way]) -> Tally:
    """Of all ways: whom a fallback took over is in its numbers and not in those before, so that nobody counts twice."""
    if not ways:
        return Tally()
    values = {
        name: sum(getattr(way, name) for way in ways) for name in Tally.__slots__ if name not in ("failed", "skipped")
    }
    failed: Counter[str] = sum((Counter(way.failed) for way in ways), Counter())
    skipped: Counter[str] = sum((Counter(way.skipped) for way in ways), Counter())
    for way in taken:
        failed -= Counter(way.failed)
        values["sent"] -= way.sent
        values["total"] -= way.sent + sum(way.failed.values())
    if taken:
        # It may have arrived on both ways after all.
        for name in ("delivered", "read", "clicked", "replied"):
            values[name] = min(values[name], values["sent"])
    return Tally(**values, failed=failed, skipped=skipped)


async def _currency(ws: Workspace, broadcast: Broadcast) -> str:
    if broadcast.plan.account_id is None:
        return ""
    kept = await prices.of_account(ws, broadcast.plan.account_id)
    return next((price.currency for price in kept.prices), "")


async def arms(ws: Workspace, broadcast: Broadcast, now: Now) -> tuple[list[Arm], Verdict | None]:
    """The variants side by side, and which one has won as far as can be said now."""
    if not now.ways:
        return [], None
    progress = now.ways[0]
    found: list[Arm] = []
    for variant in broadcast.plan.variants:
        tally = progress.by_variant.get(variant.key) or Tally()
        handed = carrying.handed_over(tally)
        told = [name for name in FUNNEL if name not in _UNTOLD[now.receipts[0]]]
        shares = {name: experiments.share(getattr(tally, name), handed) for name in told}
        found.append(Arm(key=variant.key, name=variant.name, shares=shares))
    run = await runs.of(ws, broadcast.id)
    # What was said when the rest were given theirs stands: the rest are no part of the experiment.
    settled = run.verdict if run is not None else None
    return found, settled or carrying.verdict_of(broadcast.plan, progress)


# --- one person ---------------------------------------------------------------------------------------------------


async def why(ws: Workspace, broadcast: Broadcast, contact_id: str) -> Why:
    """
    Why this person did or did not get it: by the way that got furthest with them, and of those the last. Whoever was
    several contacts then got it as one of them.
    """
    person = (await contact_rows.contacts_by_id(ws, [contact_id])).get(contact_id)
    parts = gate.whole(person) if person is not None else (contact_id,)
    found: list[Outcome] = []
    for source in rolls.sources(broadcast.id):
        mailing = await mailings.find(ws, source)
        known = await mailings.outcomes(ws, mailing.id, parts) if mailing is not None else {}
        found += [known[part] for part in reversed(parts) if part in known]
    found = [each for each in found if each.code != _MERGED] or found
    if found:
        said = _said(max(reversed(found), key=_how_far))
        return await _taken_back(ws, broadcast, found, said)
    run = await runs.of(ws, broadcast.id)
    if run is None or run.pieces == 0:
        return await _before(ws, broadcast)
    places = [await _place_of(ws, broadcast, part, run.pieces) for part in parts]
    there = [place for place in places if place is not None]
    if not there:
        when = f" on {broadcast.started.at:%Y-%m-%d %H:%M} UTC" if broadcast.started else ""
        words = f"They were not in its audience when it was put together{when}."
        if run.built:
            return Why("not_in_audience", words)
        if broadcast.state == "cancelled":
            words = f"They did not get it: it was cancelled while its audience was being read. {_because(broadcast)}"
            return Why("left_out", words.strip())
        return Why("not_yet", "Its audience is still being read.")
    place = next((each for each in there if each.reason != _MERGED), there[0])
    if place.reason:
        words = f"{_lower(reasons.of(place.reason).label)}. {place.detail}" if place.detail else ""
        return Why("left_out", reasons.sentence("They did not get it", place.reason, words))
    if broadcast.state == "cancelled":
        return Why(
            "left_out", f"They did not get it: it was cancelled before their turn. {_because(broadcast)}".strip()
        )
    if broadcast.state == "paused":
        return Why("waiting", f"They have not got it yet: it is paused. {_because(broadcast)}".strip())
    return Why("waiting", "They have not got it yet: their part of the audience comes later.")


def _how_far(outcome: Outcome) -> int:
    if outcome.state in ("delivered", "read"):
        return 2
    return 1 if outcome.state in rolls.REACHED or outcome.state in runs.ON_THE_WAY else 0


async def _taken_back(ws: Workspace, broadcast: Broadcast, found: Sequence[Outcome], said: Why) -> Why:
    """What was on their screen may have been taken from it."""
    if broadcast.recalled is None:
        return said
    entries = [await timeline.find(ws, each.entry_id) for each in found if each.entry_id]
    if not any(entry is not None and entry.deleted_at is not None for entry in entries):
        return said
    return replace(said, sentence=f"{said.sentence} {broadcast.recalled.name} had it taken back from their screen.")


async def of_contact(
    ws: Workspace, contact_id: str, *, before: tuple[datetime, str] | None, limit: int
) -> tuple[list[tuple[Broadcast, Why]], Broadcast | None]:
    """The newest broadcasts in whose audience they were, each with why; and the last one looked at, if more follow."""
    found = await broadcasts.page(ws, state=None, before=before, limit=limit + 1)
    shown: list[tuple[Broadcast, Why]] = []
    for each in found[:limit]:
        if each.started is not None:
            said = await why(ws, each, contact_id)
            if said.outcome != "not_in_audience":
                shown.append((each, said))
    return shown, found[limit - 1] if len(found) > limit else None


async def _place_of(ws: Workspace, broadcast: Broadcast, contact_id: str, pieces: int) -> Place | None:
    """One without a reason while their turn has not come; None where they are not in its audience."""
    number = await rolls.find(ws, broadcast.id, contact_id, pieces)
    if number is None:
        return None
    for stage in experiments.stages(broadcast.plan):
        for place in await rolls.places(ws, broadcast.id, stage, number) or ():
            if place.contact_id == contact_id:
                return place
    return Place(contact_id=contact_id)


async def _before(ws: Workspace, broadcast: Broadcast) -> Why:
    match broadcast.state:
        case "scheduled":
            return Why("not_yet", f"It goes on {broadcast.scheduled_at:%Y-%m-%d %H:%M} UTC; nobody has got it yet.")
        case "cancelled":
            return Why("left_out", f"Nobody got it: it was cancelled before it began. {_because(broadcast)}".strip())
        case _:
            return Why("not_yet", f"It is {broadcast.state}: nobody has got it yet.")


def _because(broadcast: Broadcast) -> str:
    return broadcast.reason.message if broadcast.reason else ""


def _lower(label: str) -> str:
    return label[:1].lower() + label[1:]


def _said(outcome: Outcome) -> Why:
    """As far as the mailing got with them."""
    kind = outcome.address.partition(":")[0]
    newest = max((each for each in outcome.times.values()), default=None)
    done = [
        words
        for words, at in (
            ("clicked a link", outcome.clicked_at),
            ("answered", outcome.replied_at),
            ("asked to stop", outcome.opted_out_at),
        )
        if at is not None
    ]
    sent = outcome.times.get("sent")
    on = f" on {sent:%Y-%m-%d %H:%M} UTC" if sent else ""
    after = f" They {' and '.join(done)}." if done else ""
    match outcome.state:
        case "sent":
            return Why("reached", f"It was sent to them by {kind}{on}; that it arrived nobody has told.{after}", newest)
        case "delivered" | "read":
            further = " and they read it" if outcome.state == "read" else ""
            return Why("reached", f"They got it by {kind}: it was sent{on} and delivered{further}.{after}", newest)
        case "failed":
            code = outcome.code or "send_failed"
            words = reasons.sentence(f"They did not get it: it failed{on} ({code})", code, outcome.reason or "")
            return Why("failed", words, newest)
        case "unknown":
            words = "It may have reached them: the answer of the provider was lost, so it is not sent again."
            return Why("reached", words, newest)
        case "skipped":
            words = reasons.sentence("They did not get it", outcome.code or "", _lower(outcome.reason or ""))
            return Why("left_out", words, newest)
        case "cancelled":
            return Why("left_out", "They did not get it: it was cancelled before their turn.", newest)
        case "waiting":
            until = f" until {outcome.due_at:%Y-%m-%d %H:%M} UTC" if outcome.due_at else ""
            words = f" ({outcome.reason})" if outcome.reason else ""
            return Why("waiting", f"They get it later: it waits{until}{words}", newest)
        case _:
            return Why("waiting", "They are about to get it: it waits for its turn.", newest)


# --- as a table ---------------------------------------------------------------------------------------------------

_COLUMNS = (
    *("contact_id", "name", "attempt", "tried_again", "channel", "address", "variant", "language"),
    *("state", "code", "reason"),
    *("sent_at", "delivered_at", "read_at", "clicked_at", "replied_at", "opted_out_at", "cost"),
    *("goal_at", "goal_times", "revenue", "currency"),
)
# What the sum of the costs counts: nothing is charged for what failed.
_CHARGED = ("sent", "delivered", "read")


async def taken(ws: Workspace, actor: Actor, broadcast: Broadcast) -> AsyncIterator[bytes]:
    """The table, for who sees all contacts and all of them; who takes it is noted. Raises Forbidden."""
    if actor.rights.scope is not Scope.EVERYTHING or actor.rights.masks:
        raise Forbidden("Tables of people are for those who see all contacts, and all of them.")
    await audit.record(ws, actor, "broadcast.exported", broadcasts.target(broadcast))
    return table(ws, broadcast)


async def table(ws: Workspace, broadcast: Broadcast) -> AsyncIterator[bytes]:
    """
    Everybody in its audience with what became of them, piece by piece: a row for each attempt, of which one is the last
    that was made (`tried_again` empty). What they did of what was hoped for stands in that one.
    """
    counted = effects.window(broadcast, ws.clock.now())
    yield tables.written([_COLUMNS])
    found = [await mailings.find(ws, source) for source in rolls.sources(broadcast.id)]
    ways = [mailing for mailing in found if mailing is not None]
    for number, mailing in enumerate(ways):
        cursor: str | None = None
        while True:
            page, cursor = await mailings.recipients(ws, mailing.id, after=cursor, limit=_PAGE)
            ids = [each.contact_id for each in page]
            names, again = await _names(ws, ids), await _among(ws, ways[number + 1 :], ids)
            did = await effects.done(ws, counted, [each for each in ids if each not in again]) if counted else {}
            yield tables.written(
                _row(each, names.get(each.contact_id, ""), number + 1, each.contact_id in again)
                + _did(did.get(each.contact_id))
                for each in page
            )
            if cursor is None:
                break
    run = await runs.of(ws, broadcast.id)
    for piece in range(run.pieces if run else 0):
        nowhere = dict.fromkeys(await rolls.piece(ws, broadcast.id, piece) or (), ("", ""))
        for stage in experiments.stages(broadcast.plan):
            for place in await rolls.places(ws, broadcast.id, stage, piece) or ():
                nowhere[place.contact_id] = (place.reason, place.detail)
        for contact_id in await _among(ws, ways, list(nowhere)):
            del nowhere[contact_id]
        names = await _names(ws, list(nowhere))
        did = await effects.done(ws, counted, list(nowhere)) if counted else {}
        state = "cancelled" if broadcast.state == "cancelled" else "queued"
        yield tables.written(
            [contact_id, names.get(contact_id, ""), *[""] * 6, "left_out" if reason else state, reason, detail]
            + [""] * 7
            + _did(did.get(contact_id))
            for contact_id, (reason, detail) in nowhere.items()
        )


async def _among(ws: Workspace, ways: Sequence[Mailing], contact_ids: Sequence[str]) -> set[str]:
    """Who of these is in one of these mailings."""
    found: set[str] = set()
    for mailing in ways:
        found |= (await mailings.outcomes(ws, mailing.id, contact_ids)).keys()
    return found


async def _names(ws: Workspace, contact_ids: Sequence[str]) -> dict[str, str]:
    return {each.id: each.name for each in (await contact_rows.contacts_by_id(ws, contact_ids)).values()}


def _amount(millionths: int) -> str:
    return f"{millionths / 1_000_000:.6f}".rstrip("0").rstrip(".")


def _did(done: Done | None) -> list[str]:
    if done is None:
        return [""] * 4
    amounts = sorted(done.revenue.items())
    sums = "; ".join(_amount(amount * 10_000) for _, amount in amounts)
    return [iso(done.at) or "", str(done.times), sums, "; ".join(currency for currency, _ in amounts)]


def _row(each: Outcome, name: str, attempt: int, again: bool) -> list[str]:
    kind, _, handle = each.address.partition(":")
    times = [iso(each.times.get(state)) or "" for state in ("sent", "delivered", "read")]
    acts = [iso(at) or "" for at in (each.clicked_at, each.replied_at, each.opted_out_at)]
    return [
        each.contact_id,
        name,
        str(attempt),
        "yes" if again else "",
        kind,
        handle,
        each.variant,
        each.language,
        each.state,
        each.code or "",
        each.reason or "",
        *times,
        *acts,
        _amount(each.price_minor if each.state in _CHARGED else 0),
    ]
