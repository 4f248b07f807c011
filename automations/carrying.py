"""
Carrying a broadcast: its audience is written down, placed and handed to the mailing, stage by stage and way by way,
until everybody has what they get.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final

from app.core import leases
from app.core.errors import Change, ChangedMeanwhile
from app.core.permissions import SYSTEM
from app.core.runtime import Workspace
from automations import audiences, broadcasts, checks, experiments, placing, precedence, rolls, runs
from automations.broadcasts import Broadcast, By, Reason
from automations.estimates import Estimator
from automations.experiments import Stage
from automations.placing import Layout, Placing
from automations.plans import Exclusion, Plan
from automations.rolls import PIECE, Place
from automations.runs import NO_WAY, OUTRANKED, Run, Way
from automations.store import runs as store
from channels import accounts, registry
from crm import pacing
from inbox.mailings import following, mailings, words
from inbox.mailings.mailing import MOST_IN_BATCH, Batch, Mailing, NewMailing, Outcome, Progress, Recipient, Tally
from inbox.mailings.results import plain_code
from inbox.timeline import Author

_SOON: Final = timedelta(seconds=1)
# With whom it failed is looked for this often while it is on its way, and ever less often once it is not: most failures
# are told of soon.
_OFTEN: Final = timedelta(seconds=2)
_SELDOM: Final = timedelta(minutes=1)
_EVER_LESS: Final = 30
# So long people are handed over until those before them are followed up.
_STRETCH: Final = timedelta(seconds=5)
_AT_ONCE: Final = 10


class Carrying:
    """One look at a running broadcast: everything that can be done now."""

    def __init__(self, ws: Workspace, now: Broadcast, run: Run, seen: datetime, lease: leases.Lease) -> None:
        self._ws = ws
        self._now = now
        self._plan = now.plan
        self._run = run
        self._seen = seen
        self._lease = lease
        # When something else can be done, as far as is known.
        self._next: datetime | None = None

    async def carry(self) -> None:
        """Everything that can be done now; then it says when there is more."""
        await self._carry()
        if self._next is not None:
            await store.move(self._ws, self._run.id, self._seen, self._next)

    async def _carry(self) -> None:
        for way in range(1 + len(self._run.ways)):
            found = await mailings.find(self._ws, rolls.source_of(self._now.id, way))
            if found is not None and found.started_at is not None and await self._paused_itself(found):
                return
        everybody = await self._handed_to_all()
        if not self._run.built or not await self._still_running():
            self._look_again()
            return
        for number in range(len(self._plan.fallbacks)):
            everybody &= await self._fall_back(number)
        if everybody:
            await self._end()

    async def _handed_to_all(self) -> bool:
        """Stage by stage, everybody to the mailing of the broadcast itself; False where that has to wait."""
        ws, plan = self._ws, self._plan
        stages = experiments.stages(plan)
        if self._run.closed:
            return True
        laid = await placing.layout(ws, plan)
        mailing = await self._mailing(laid, 0, plan.name)
        if not await self._build():
            return False
        while self._run.stage < len(stages):
            if not await self._hand_over(laid, mailing, stages[self._run.stage]):
                return False
            if stages[self._run.stage] != "rest" and not await self._may_go_on(mailing, stages[self._run.stage]):
                return False
            await self._put(stage=self._run.stage + 1, piece=0, quiet_at=None, go_on=False)
        await mailings.completed(ws, mailing.id, self._run.batches)
        await self._put(closed=True)
        return True

    async def _put(self, **values: Any) -> None:
        self._run = replace(self._run, **values)
        await store.set(self._ws, self._run.id, values)
        await runs.tell_progress(self._ws, self._run.id)

    def _look_again(self, after: timedelta = _SOON) -> bool:
        at = self._ws.clock.now() + after
        self._next = min(self._next or at, at)
        return False

    async def _mailing(self, laid: Layout, way: int, name: str) -> Mailing:
        """The mailing of this way, running. Raises ChangedMeanwhile where somebody has stopped all of it."""
        now, plan = self._now, self._plan
        by = now.started or By(SYSTEM.id, SYSTEM.name, now.created_at)
        source = rolls.source_of(now.id, way)
        others = [each for each in rolls.sources(now.id)[: 1 + len(plan.fallbacks)] if each != source]
        mailing = await mailings.open(
            self._ws,
            NewMailing(
                source=source,
                name=name,
                purpose=checks.purpose_of(plan, laid),
                topic=plan.topic,
                tracks=plan.tracks,
                asks=plan.asks,
                priority=plan.priority,
                contents=laid.contents,
                author=Author("member", by.id, by.name),
                rate=plan.rate,
                ramp=plan.ramp,
                budget_minor=runs.budget(plan),
                one_budget=tuple(mailings.id_for(self._ws, each) for each in others),
                followed=way < len(plan.fallbacks),
                corrects=rolls.codes(self._ws, now.corrects),
                guards=runs.guards(plan),
            ),
        )
        if mailing.state == "paused" and mailing.started_at is None:
            mailing = await mailings.start(self._ws, mailing.id, by=by.name)
            if not await self._still_running():
                raise ChangedMeanwhile("It was stopped at the same moment.", Change("state"))
        return mailing

    async def _paused_itself(self, mailing: Mailing) -> bool:
        """A guard, a budget or the kill switch has stopped the mailing: the broadcast says so."""
        if mailing.state == "cancelled":
            await runs.cancelled(self._ws, SYSTEM, self._now, mailing.reason or "Its mailing was cancelled.")
            return True
        if mailing.state != "paused":
            return False
        reason = Reason("guard", mailing.reason or "It stopped by itself.")
        await runs.stopped(self._ws, self._now, self._seen, reason)
        return True

    async def _still_running(self) -> bool:
        """Nobody has paused it meanwhile, and the work is still ours."""
        now = await broadcasts.get(self._ws, self._now.id)
        return now.state == "running" and not self._lease.lost

    @property
    def _day(self) -> audiences.Day | None:
        """Of a send on a date of people's own: whose day it is."""
        schedule = self._plan.schedule
        if schedule.relative is None or schedule.wall is None:
            return None
        return audiences.Day(schedule.relative, datetime.fromisoformat(schedule.wall).date())

    async def _build(self) -> bool:
        """The audience, written down; False where that has to wait."""
        if self._run.built:
            return True
        if await audiences.counting(self._ws, self._plan.audience):
            return self._look_again()
        piece: list[str] = []

        async def write() -> None:
            written = await rolls.add(self._ws, self._now.id, self._run.pieces, piece)
            await self._put(pieces=self._run.pieces + 1, people=self._run.people + len(written), after=written[-1])

        stream = audiences.stream(self._ws, self._plan.audience, after=self._run.after, day=self._day)
        async for contact_id in stream:
            piece.append(contact_id)
            if len(piece) == PIECE:
                await write()
                if self._run.after != piece[-1]:
                    # A piece of before a crash, which ended elsewhere: read on from its end.
                    return self._look_again(timedelta())
                piece = []
                if not await self._still_running():
                    return self._look_again()
        if piece:
            await write()
            if self._run.after != piece[-1]:
                return self._look_again(timedelta())
        await self._put(built=True)
        return True

    async def _hand_over(self, laid: Layout, mailing: Mailing, stage: Stage) -> bool:
        """All people of this stage to the mailing; False where that has to wait."""
        estimator = await Estimator.of(self._ws, laid.account)
        until = self._ws.clock.now() + _STRETCH
        while self._run.piece < self._run.pieces:
            number = self._run.piece
            ids = await rolls.piece(self._ws, self._now.id, number) or []
            first = number * PIECE
            chosen = [
                contact_id
                for at, contact_id in enumerate(ids)
                if experiments.stage_of(self._plan, self._now.id, contact_id, first + at) == stage
            ]
            if chosen:
                await self._piece(laid, estimator, mailing.id, stage, number, chosen)
            else:
                await self._put(piece=number + 1)
            if not await self._still_running():
                return self._look_again()
            if self._plan.fallbacks and self._ws.clock.now() > until:
                return self._look_again(timedelta())
        return True

    async def _piece(
        self, laid: Layout, estimator: Estimator, mailing_id: str, stage: Stage, number: int, ids: Sequence[str]
    ) -> None:
        places = await rolls.places(self._ws, self._now.id, stage, number)
        if places is None:
            made = await self._placed(laid, estimator, stage, ids)
            places = await rolls.keep(self._ws, self._now.id, stage, number, made)
        batches = await hand_over(self._ws, mailing_id, laid, places, self._run.batches)
        dropped = Counter(self._run.dropped) + Counter(place.reason for place in places if place.reason)
        await self._put(piece=number + 1, batches=self._run.batches + batches, dropped=dropped)
        # Where it went is the mailing's to know now.
        await rolls.forget_addresses(self._ws, self._now.id, stage, number, places)

    async def _placed(self, laid: Layout, estimator: Estimator, stage: Stage, ids: Sequence[str]) -> list[Place]:
        plan = self._plan
        purpose = checks.purpose_of(plan, laid).value
        variants = {
            contact_id: experiments.variant_of(plan, self._now.id, contact_id, stage, self._run.winner)
            for contact_id in ids
        }
        placed = await placing.of(
            self._ws, laid, variants, purpose=purpose, exclude=plan.audience.exclude, schedule=plan.schedule
        )
        ahead = await precedence.claims(self._ws, self._now, placed, purpose)
        held = {each.contact_id for each in placed if experiments.held_out(plan, self._now.id, each.contact_id)}
        asked = [each for each in placed if not each.reason and each.contact_id in held | ahead.keys()]
        out = {
            # Stopped for everybody is no reason to leave anybody out for good.
            each.contact_id: replace(each, reason="holdout", detail="") if each.reason == mailings.NOT_NOW else each
            for each, _ in await checks.gated(self._ws, self._now, laid, asked, purpose, ahead)
            if each.contact_id in held or each.reason == OUTRANKED
        }
        return [_place(out.get(each.contact_id, each), estimator) for each in placed]

    async def _may_go_on(self, mailing: Mailing, stage: Stage) -> bool:
        """After a trial or a sample: whether the next stage begins now."""
        if self._run.go_on:
            return True
        ws, now = self._ws, self._ws.clock.now()
        progress = await mailings.progress(ws, mailing.id)
        gone = progress.sent + progress.unknown + sum(progress.failed.values())
        if progress.queued + progress.sending > 0:
            return self._look_again()
        if progress.waiting > gone:
            # Too few have it to say anything; of those who wait for an hour, or for days, some may come later.
            return self._look_again(timedelta(minutes=1))
        if self._run.quiet_at is None:
            await self._put(quiet_at=now)
        waits = self._plan.trial if stage == "trial" else self._plan.experiment
        until = (self._run.quiet_at or now) + timedelta(minutes=waits.wait_minutes if waits else 0)
        if now < until:
            return self._look_again(until - now)
        reason = self._after_trial(progress) if stage == "trial" else await self._after_sample(progress)
        if reason is None:
            return True
        await runs.stopped(ws, self._now, self._seen, reason)
        return False

    def _after_trial(self, progress: Progress) -> Reason | None:
        trial = self._plan.trial
        if trial is None:
            return None
        failed = sum(progress.failed.values())
        # Of whom nobody has told anything yet: a provider that does not answer is no good beginning, either.
        lost = progress.unknown
        handed = progress.sent + failed + lost
        unknown = f"{lost} unknown, " if lost else ""
        shares = f"{progress.sent} sent, {failed} failed, {unknown}{progress.opted_out} asked to stop"
        too_many_failed = handed and 100 * (failed + lost) > trial.failure_percent * handed
        too_many_stops = progress.sent and 100 * progress.opted_out > trial.opt_out_percent * progress.sent
        if too_many_failed or too_many_stops:
            return Reason("trial_failed", f"The first people did not take it well: {shares}. Go on with the rest?")
        if trial.then == "ask":
            return Reason("trial_done", f"The first people have got it: {shares}. Go on with the rest?")
        return None

    async def _after_sample(self, progress: Progress) -> Reason | None:
        experiment = self._plan.experiment
        if experiment is None:
            return None
        verdict = verdict_of(self._plan, progress)
        winner = verdict.best if verdict and verdict.state == "winner" else None
        if winner is None and experiment.if_none != "ask":
            best = verdict.best if verdict and experiment.if_none == "best" else None
            winner = best or self._plan.variants[0].key
        await self._put(verdict=verdict, winner=winner)
        if winner is not None or experiment.sample_percent == 100:
            return None
        words = verdict.words if verdict else "Nothing can be said yet."
        return Reason("no_winner", f"{words} Choose which variant the rest get.")

    async def _fall_back(self, number: int) -> bool:
        """Those whom the way before has not reached, as soon as that is certain; False while others may follow."""
        if self._way(number).done:
            return True
        before = await mailings.find(self._ws, rolls.source_of(self._now.id, number))
        tells = await self._tells_of_delivery(number)
        patience = timedelta(minutes=self._plan.fallbacks[number].after_minutes) if tells else None
        while await self._page_of_fallback(number, before, patience):
            if not await self._still_running():
                return self._look_again()
        if before is not None:
            before = await mailings.get(self._ws, before.id)
            look = await following.next_look(self._ws, before, self._rests(before))
            if look is not None:
                return self._look_again(max(_SOON, look - self._ws.clock.now()))
        if not (self._run.closed if number == 0 else self._way(number - 1).done):
            return self._look_again(_OFTEN)
        await self._put_way(number, replace(self._way(number), done=True))
        after = await mailings.find(self._ws, rolls.source_of(self._now.id, number + 1))
        if after is not None:
            await mailings.completed(self._ws, after.id, self._way(number).batches)
        return True

    def _way(self, number: int) -> Way:
        return self._run.ways[number] if number < len(self._run.ways) else Way()

    async def _put_way(self, number: int, way: Way) -> None:
        ways = [self._way(each) for each in range(len(self._plan.fallbacks))]
        await self._put(ways=(*ways[:number], way, *ways[number + 1 :]))

    def _rests(self, mailing: Mailing) -> timedelta:
        """How soon somebody looks for whom this mailing has failed with since."""
        quiet_at = mailing.ended_at or self._run.quiet_at
        if quiet_at is None:
            return _OFTEN
        return min(max(_OFTEN, (self._ws.clock.now() - quiet_at) / _EVER_LESS), _SELDOM)

    async def _without_a_way(self, number: int) -> tuple[dict[str, str], int]:
        """
        Of the next page of the places before, who had no handle there, by contact with the reason, and how many pages
        have been looked through then; no more than before where none is left, or not there yet.
        """
        run, page = self._run, self._way(number).passed
        if number == 0:
            stages = experiments.stages(self._plan)
            at, piece = divmod(page, max(1, run.pieces))
            handed_over = run.pieces if at < run.stage else run.piece if at == run.stage else 0
            stage: str = stages[at] if at < len(stages) else ""
        else:
            stage, piece, handed_over = f"fallback{number - 1}", page, self._way(number - 1).pages
        if not stage or piece >= handed_over:
            return {}, page
        places = await rolls.places(self._ws, self._now.id, stage, piece) or ()
        without = {
            place.contact_id: place.reason
            for place in places
            if place.reason in NO_WAY and not experiments.held_out(self._plan, self._now.id, place.contact_id)
        }
        return without, page + 1

    async def _tells_of_delivery(self, way: int) -> bool:
        """Whether the provider of this way reports what was delivered; else what was sent has to do."""
        account_id = self._plan.account_id if way == 0 else self._plan.fallbacks[way - 1].account_id
        row = await accounts.row_of(self._ws, account_id or "")
        return registry.adapter(row.kind).capabilities(accounts.channel_account(row)).receipts != "sent"

    async def _page_of_fallback(self, number: int, before: Mailing | None, patience: timedelta | None) -> bool:
        """Some people taken over from the way before; False while there are none."""
        ws, way, stage = self._ws, self._way(number), f"fallback{number}"
        laid: Layout | None = None
        without, passed = dict[str, str](), way.passed
        # Those of before a crash first.
        places = await rolls.places(ws, self._now.id, stage, way.pages)
        if places is not None and not await self._had(number, [place.contact_id for place in places]):
            without, passed = await self._without_a_way(number)
        if places is None:
            missed = await following.missed(ws, before, patience) if before is not None else []
            needy = [each.contact_id for each in missed]
            if not needy:
                without, passed = await self._without_a_way(number)
                needy = list(without)
                if not needy:
                    if passed > way.passed:
                        await self._put_way(number, replace(way, passed=passed))
                    return passed > way.passed
            laid = await placing.fallback_layout(ws, self._plan, number)
            places = await rolls.keep(ws, self._now.id, stage, way.pages, await self._placed_again(laid, needy))
        laid = laid or await placing.fallback_layout(ws, self._plan, number)
        mailing = await self._mailing(laid, number + 1, self._plan.name)
        had = await self._had(number, [place.contact_id for place in places])
        going = {place.contact_id for place in places if not place.reason}
        again = [each for each in had.values() if each.contact_id in going]
        for each in again:
            # It did not reach them, so it is no message that they have had.
            await pacing.forget(ws, each.contact_id, each.ref)
        batches = await hand_over(ws, mailing.id, laid, places, way.batches)
        await following.take_over(ws, list(had.values()))
        failed = Counter(plain_code(each.code) for each in again if each.state == "failed")
        moved = replace(
            way,
            batches=way.batches + batches,
            pages=way.pages + 1,
            passed=passed,
            sent=way.sent + sum(each.state != "failed" for each in again),
            failed=Counter(way.failed) + failed,
            fresh=Counter(way.fresh) + Counter(reason for each, reason in without.items() if each in going),
        )
        await self._put_way(number, moved)
        await rolls.forget_addresses(ws, self._now.id, stage, way.pages, places)
        return True

    async def _placed_again(self, laid: Layout, contact_ids: Sequence[str]) -> list[Place]:
        """Where they get it by this way, at once."""
        estimator = await Estimator.of(self._ws, laid.account)
        placed = await placing.of(
            self._ws,
            laid,
            dict.fromkeys(contact_ids, ""),
            purpose=checks.purpose_of(self._plan, laid).value,
            exclude=Exclusion(),
            schedule=self._plan.schedule.model_copy(update={"kind": "now"}),
        )
        return [_place(each, estimator) for each in placed]

    async def _had(self, number: int, contact_ids: Sequence[str]) -> dict[str, Outcome]:
        """What had come of these people on the ways up to this one, of each the last."""
        found: dict[str, Outcome] = {}
        for source in rolls.sources(self._now.id)[: number + 1]:
            mailing = await mailings.find(self._ws, source)
            if mailing is not None:
                found |= await mailings.outcomes(self._ws, mailing.id, contact_ids)
        return found

    async def _end(self) -> None:
        """Done when every mailing is."""
        for source in rolls.sources(self._now.id):
            found = await mailings.find(self._ws, source)
            if found is None:
                continue
            if await self._paused_itself(found):
                return
            if found.state != "done":
                self._look_again()
                return
        at = self._ws.clock.now()
        await broadcasts.turn(self._ws, SYSTEM, self._now, "finished", state="done", finished_at=at)
        await store.move(self._ws, self._run.id, self._seen, None)


def _place(placed: Placing, estimator: Estimator) -> Place:
    said, content, address = placed.said, placed.content, placed.address
    if placed.reason or said is None or content is None or address is None:
        return Place(contact_id=placed.contact_id, reason=placed.reason or "no_wording", detail=placed.detail)
    return Place(
        contact_id=placed.contact_id,
        address=str(address),
        variant=placed.variant,
        language=said.key,
        due_at=placed.due_at,
        price=estimator.price(said, content, address, placed.footer),
        footer=placed.footer,
    )


async def hand_over(ws: Workspace, mailing_id: str, laid: Layout, places: Sequence[Place], first: int) -> int:
    """Places as batches of the mailing, numbered from `first` on; how many there are. May be done twice."""
    batches = batches_of(laid.account.id, places, first)
    for at in range(0, len(batches), _AT_ONCE):
        await mailings.add(ws, mailing_id, batches[at : at + _AT_ONCE])
    return len(batches)


def batches_of(account_id: str, places: Sequence[Place], first: int) -> list[Batch]:
    """People alike in what they get and when, a hundred together; the same places always give the same batches."""

    def alike(place: Place) -> tuple[str, str, float]:
        return place.variant, place.language, place.due_at.timestamp() if place.due_at else 0.0

    going = sorted((place for place in places if not place.reason), key=alike)
    found: list[Batch] = []
    for _, group in groupby(going, key=alike):
        people = list(group)
        for at in range(0, len(people), MOST_IN_BATCH):
            some = people[at : at + MOST_IN_BATCH]
            found.append(
                Batch(
                    seq=first + len(found),
                    recipients=tuple(
                        Recipient(
                            contact_id=each.contact_id,
                            address=each.address,
                            price_minor=each.price,
                            facts={words.FOOTER: each.footer} if each.footer else {},
                        )
                        for each in some
                    ),
                    account_id=account_id,
                    variant=some[0].variant,
                    language=some[0].language,
                    due_at=some[0].due_at,
                )
            )
    return found


def verdict_of(plan: Plan, progress: Progress) -> experiments.Verdict | None:
    """What the variants' figures come to by now; None without an experiment."""
    if plan.experiment is None:
        return None
    keys = [variant.key for variant in plan.variants]
    tallies = progress.by_variant
    of = {key: handed_over(tallies[key]) if key in tallies else 0 for key in keys}
    hits = {key: getattr(tallies[key], plan.experiment.metric) if key in tallies else 0 for key in keys}
    return experiments.verdict(plan.experiment, hits, of, {v.key: v.name for v in plan.variants})


def handed_over(tally: Tally) -> int:
    """Also those with whom it failed: a variant that does not arrive has no better share for it."""
    return tally.sent + sum(tally.failed.values())
