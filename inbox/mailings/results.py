"""
What is known of each person of a batch, and what that adds up to.

A sheet is one batch in the hands of who has claimed it: the places that can go now, and what came of others since it
was saved last.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from app.core.mongo import Document
from inbox.mailings.mailing import Guards, Handed, Mailing, Outcome, Recipient, Ref, Stand, Tally
from inbox.store.mailings import Group, Work, milliseconds, moment
from inbox.timeline import Entry

QUIET = "It is too late or too early for them."
BUSY = "Another message is just on its way to them."
# By then a call has ended, or whoever made it is gone.
_ENDED = timedelta(minutes=1)
INTERRUPTED = "Parley was interrupted while sending. The message may or may not have reached the person."


class Sheet:
    """One claimed batch. Nothing here waits: `changes` is what has to be saved."""

    def __init__(self, work: Work, group: Group, now: datetime) -> None:
        self.work = work
        self.group = group
        self.flying: set[int] = set()
        # Taken to be asked about, and nothing has come of it yet.
        self.asked: set[int] = set()
        # Since when (`monotonic`) there is something to save that came of it.
        self.news_since: float | None = None
        # Whoever had it is gone: whether the provider has these cannot be known.
        for place in work.sending:
            if str(place) not in work.o:
                self.settle(place, "unknown", now, code="interrupted", words=INTERRUPTED)
        self.left: deque[int] = deque()
        self.due(now)

    @property
    def id(self) -> str:
        return self.work.id

    def ref(self, place: int) -> Ref:
        code, _, seq = self.id.partition(".")
        return Ref(code, int(seq), place)

    def recipient(self, place: int) -> Recipient:
        return self.group.recipients[place]

    def attempts(self, place: int) -> int:
        waiting = self.work.w.get(str(place))
        return int(waiting[1]) if waiting else 0

    def due(self, now: datetime) -> None:
        """Takes in what can go by now."""
        at, known = milliseconds(now), set(self.left) | self.flying | self.asked
        for place in range(self.work.size):
            if str(place) in self.work.o or place in known:
                continue
            waiting = self.work.w.get(str(place))
            if waiting is None or waiting[0] <= at:
                self.left.append(place)

    def put_back(self, place: int) -> None:
        """It could go, and did not."""
        self.asked.discard(place)
        if str(place) not in self.work.o and str(place) not in self.work.w:
            self.left.appendleft(place)

    def settle(
        self,
        place: int,
        kind: Stand,
        at: datetime,
        *,
        external_ids: Sequence[str] = (),
        code: str | None = None,
        words: str | None = None,
    ) -> None:
        """What came of it, for good."""
        key = str(place)
        found: list[Any] = [kind, milliseconds(at), list(external_ids), code, words]
        while not found[-1]:
            found.pop()
        self.work.o[key] = found
        self.work.w.pop(key, None)
        self._end(place)

    def wait(self, place: int, until: datetime, attempts: int, code: str, words: str) -> None:
        """It may go then."""
        key = str(place)
        self.work.w[key] = [milliseconds(until), attempts, code, words]
        self._end(place)

    def _end(self, place: int) -> None:
        self.unsaved()
        self.flying.discard(place)
        self.asked.discard(place)

    def unsaved(self) -> None:
        """There is something to save, from now on if not for longer."""
        if self.news_since is None:
            self.news_since = monotonic()

    @property
    def unseen(self) -> int:
        """How many are about to be handed over without anybody having been told."""
        return len(self.asked) + len(self.flying.difference(self.work.sending))

    @property
    def unnamed(self) -> bool:
        """Whether somebody is to be on the way who is not stored as such."""
        return not self.flying.issubset(self.work.sending)

    @property
    def over(self) -> bool:
        """Whether nothing more is to be done with it now."""
        return not self.left and not self.flying and not self.asked

    def changes(self, now: datetime, until: datetime) -> Document:
        """What to save now, with the places that are on their way from now on; the claim is good `until`."""
        self.work.sending = sorted(self.flying)
        values: Document = {"sending": self.work.sending, "due_at": until}
        if self.news_since is not None:
            # As a whole: a hundred places one by one are dear in the embedded database.
            values |= {"o": self.work.o, "w": self.work.w, "to": self._total()}
            if self.work.look_key is not None:
                values["look_at"] = now
            self.news_since = None
        return values

    def closing(self, now: datetime) -> tuple[Document, Sequence[str]]:
        """The last to save: it is let go, and due again when the first of those who wait is."""
        values, gone = self.changes(now, now), list[str]()
        left = [place for place in range(self.work.size) if str(place) not in self.work.o]
        gone = [*gone, "claim"]
        if left:
            waiting = [self.work.w[str(place)][0] if str(place) in self.work.w else 0 for place in left]
            values["due_at"] = max(now, moment(min(waiting)))
        else:
            del values["due_at"]
            gone += ["due_at", "work_key"]
        if any(found[0] in ("sent", "unknown") for found in self.work.o.values()):
            values["place_key"] = self.work.mailing_id
        return values, gone

    def _total(self) -> Document:
        return total_of(self.work, self.group.recipients)


def total_of(work: Work, recipients: Sequence[Recipient]) -> Document:
    """What the sender's part adds up to."""
    sums: Document = {"sent": 0, "unknown": 0, "cost": 0, "waiting": len(work.w), "failed": {}, "skipped": {}}
    for place, found in work.o.items():
        kind = found[0]
        if kind == "sent":
            sums["sent"] += 1
            sums["cost"] += recipients[int(place)].price_minor
        elif kind == "unknown":
            sums["unknown"] += 1
        else:
            code = plain_code(found[3])
            sums[kind][code] = sums[kind].get(code, 0) + 1
    return sums


def plain_code(code: str | None) -> str:
    """As a key in the database."""
    return (code or "other").replace(".", "_").replace("$", "_")


def reported_of(told: Mapping[str, Mapping[str, Any]], recipients: Sequence[Recipient] | None) -> Document:
    """What the providers' part adds up to; `recipients` only where something failed."""
    sums: Document = {"delivered": 0, "read": 0, "failed": {}, "back": 0}
    for place, each in told.items():
        if "read" in each or "delivered" in each:
            sums["delivered"] += 1
            sums["read"] += "read" in each
        elif "failed" in each:
            code = plain_code(each["error"]["provider_code"] or each["error"]["code"])
            sums["failed"][code] = sums["failed"].get(code, 0) + 1
            sums["back"] += recipients[int(place)].price_minor if recipients else 0
    return sums


def stand(work: Work, place: int, *, cancelled: bool) -> tuple[Stand, str | None, str | None]:
    """How far one got: the state, the code and the words of why no further."""
    key = str(place)
    told, own = work.d.get(key, {}), work.o.get(key)
    if "read" in told:
        return "read", None, None
    if "delivered" in told:
        return "delivered", None, None
    if "failed" in told:
        error = told["error"]
        return "failed", error["provider_code"] or error["code"], error["message"]
    if "sent" in told:
        return "sent", None, None
    if own is not None:
        code = own[3] if len(own) > 3 else None
        return own[0], code, own[4] if len(own) > 4 else None
    if place in work.sending:
        return "sending", None, None
    if cancelled:
        return "cancelled", "cancelled", "The mailing was cancelled before their turn came."
    if key in work.w:
        return "waiting", work.w[key][2], work.w[key][3]
    return "queued", None, None


def outcomes(mailing: Mailing, work: Work, group: Group, entry_id: Any, now: datetime) -> Iterator[Outcome]:
    """How far it got with each person of a batch; `entry_id` gives the entry of a ref."""
    code, _, seq = work.id.partition(".")
    early = group.due_at is not None and group.due_at > now
    for place, recipient in enumerate(group.recipients):
        ref = Ref(code, int(seq), place)
        state, why, words = stand(work, place, cancelled=mailing.state == "cancelled")
        if state == "sending" and nobodys(mailing, now):
            state, why, words = "unknown", "interrupted", INTERRUPTED
        if state == "queued" and early:
            state, why, words = "waiting", "scheduled", "Its time is later for them."
        key = str(place)
        own, marks = work.o.get(key), work.m.get(key, {})
        times = {name: moment(at) for name, at in work.d.get(key, {}).items() if name != "error"}
        if own is not None:
            times.setdefault(own[0], moment(own[1]))
        on_its_way = own is not None and own[0] in ("sent", "unknown")
        yield Outcome(
            ref=str(ref),
            contact_id=recipient.contact_id,
            address=recipient.address,
            account_id=group.account_id,
            variant=group.variant,
            language=group.language,
            state=state,
            code=why,
            reason=words,
            times=times,
            due_at=moment(work.w[key][0]) if key in work.w and state == "waiting" else group.due_at,
            clicked_at=moment(marks["clicked"]) if "clicked" in marks else None,
            replied_at=moment(marks["replied"]) if "replied" in marks else None,
            opted_out_at=moment(marks["opted_out"]) if "opted_out" in marks else None,
            price_minor=recipient.price_minor,
            entry_id=entry_id(ref) if on_its_way or work.d.get(key) else None,
        )


def nobodys(mailing: Mailing, now: datetime) -> bool:
    """Whether nobody will ever tell what came of those who were on their way when it was cancelled."""
    return mailing.state == "cancelled" and mailing.ended_at is not None and now - mailing.ended_at > _ENDED


def waits(row: Document, now: datetime) -> bool:
    """Whether the time of a batch is later; one that somebody works on is due when the claim runs out."""
    due = row.get("due_at")
    return due is not None and due > now and "claim" not in row


def added_up(rows: Sequence[Document], *, cancelled: bool, now: datetime, over: bool = False) -> Tally:
    """What batches add up to; see `tallies` for what each row has. `over`: nobody will tell of those on the way."""
    sums = dict.fromkeys(("total", "waiting", "sending", "sent", "delivered", "read", "unknown", "cost_minor"), 0)
    marks = dict.fromkeys(("clicked", "replied", "opted_out"), 0)
    failed: dict[str, int] = {}
    skipped: dict[str, int] = {}
    for row in rows:
        to, td = row.get("to") or {}, row.get("td") or {}
        lost = sum(td.get("failed", {}).values())
        sums["total"] += row["size"]
        sending = len(row.get("sending") or ())
        sums["unknown" if over else "sending"] += sending
        if waits(row, now):
            gone = to.get("sent", 0) + to.get("unknown", 0)
            gone += sum(sum((to.get(kind) or {}).values()) for kind in ("failed", "skipped"))
            sums["waiting"] += row["size"] - gone - sending
        else:
            sums["waiting"] += to.get("waiting", 0)
        sums["sent"] += to.get("sent", 0) - lost
        sums["unknown"] += to.get("unknown", 0)
        sums["delivered"] += td.get("delivered", 0)
        sums["read"] += td.get("read", 0)
        sums["cost_minor"] += to.get("cost", 0) - td.get("back", 0)
        for name in marks:
            marks[name] += (row.get("tm") or {}).get(name, 0)
        for found, more in ((failed, (to.get("failed"), td.get("failed"))), (skipped, (to.get("skipped"),))):
            for counts in more:
                for code, number in (counts or {}).items():
                    found[code] = found.get(code, 0) + number
    settled = sums["sent"] + sums["unknown"] + sum(failed.values()) + sum(skipped.values())
    # While its turn has not come, whoever waits for an hour waits, and everybody else is queued; or it never comes.
    left = max(0, sums["total"] - settled - sums["sending"])
    return Tally(
        **{**sums, "waiting": 0 if cancelled else sums["waiting"]},
        **marks,
        queued=0 if cancelled else max(0, left - sums["waiting"]),
        cancelled=left if cancelled else 0,
        failed=failed,
        skipped=skipped,
    )


def handed(tally: Tally) -> Handed:
    failed = sum(tally.failed.values())
    blocked = tally.failed.get("blocked", 0)
    return Handed(over=tally.sent + failed, failed=failed, opted_out=tally.opted_out, blocked=blocked)


def tripped(guards: Guards, tally: Tally, seen: Handed) -> str | None:
    """Why to stop, in words, by what came after what somebody has seen; None if no guard says so."""
    now = handed(tally)
    over = now.over - seen.over
    if over < guards.after:
        return None
    for percent, count, words in (
        (guards.failure_percent, now.failed - seen.failed, "failed"),
        (guards.opt_out_percent, now.opted_out - seen.opted_out, "asked us to stop"),
        (guards.block_percent, now.blocked - seen.blocked, "blocked us"),
    ):
        if percent is not None and count * 100 > percent * over:
            return f"{count} of {over} {words}: more than the {percent} % at which this stops."
    return None


def told_status(work: Work, place: int, entry: Entry) -> tuple[str, dict[str, datetime], dict[str, Any] | None]:
    """The status of a message of a mailing with its times and its error, as an entry shows them."""
    state, code, words = stand(work, place, cancelled=False)
    key = str(place)
    times = dict(entry.status_times)
    if (own := work.o.get(key)) is not None and own[0] in ("sent", "unknown", "failed"):
        times[own[0]] = moment(own[1])
    times |= {name: moment(at) for name, at in work.d.get(key, {}).items() if name != "error"}
    error = {"code": code, "message": words, "resendable": False} if state in ("failed", "unknown") else None
    return state, times, error
