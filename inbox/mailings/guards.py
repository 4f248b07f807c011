"""
What stops a mailing by itself, and how many of it may go today: shares of failures, opt-outs and blocks, the rating of
its sender and of its templates, its budget, and the ramp of its first days.

Looked at every few seconds; until the next look no more are handed over than budget and ramp have room for. Lanes of
several senders or workers look at the same figures, so together they may go over by what they send between two looks.
"""

from dataclasses import dataclass
from datetime import timedelta

from app.core.runtime import Workspace
from channels import accounts
from channels.content import Template
from inbox import templates
from inbox.mailings import results
from inbox.mailings.mailing import Mailing, Tally
from inbox.store import mailings as store

EVERY_SECONDS = 2.0
# Or so many times as long as the last look took: of a million people the figures alone are thousands of rows.
REST = 5
# Without a budget or a ramp: until the next look.
_ANY = 1_000_000
_OUT_OF_SERVICE = {
    "paused": "paused",
    "disabled": "disabled",
    "rejected": "rejected",
    "pending_deletion": "being deleted",
    "deleted": "deleted",
}
_LOW = frozenset(("red", "low"))


@dataclass(frozen=True, slots=True)
class Verdict:
    """`stop` is why to stop now, in words; `allowed` how many more may go until the next look."""

    stop: str | None
    allowed: int


async def look(ws: Workspace, mailing: Mailing, account_id: str) -> Verdict:
    """How it stands, from what its batches add up to."""
    now = ws.clock.now()
    tally = results.added_up(await store.tallies(ws, mailing.id), cancelled=False, now=now)
    found = results.tripped(mailing.guards, tally, mailing.seen)
    if found is not None:
        return Verdict(found, 0)
    if mailing.guards.quality and await _rated_low(ws, account_id):
        return Verdict("The provider rates the quality of this sender as low.", 0)
    words = await _template_is_bad(ws, mailing, account_id)
    if words is not None:
        return Verdict(words, 0)
    handed_over = tally.sent + tally.unknown + tally.sending + sum(tally.failed.values())
    allowed = _ANY
    if mailing.budget_minor is not None:
        dearest = mailing.dearest_minor
        left = mailing.budget_minor - _spent(tally, dearest)
        for other in [await store.get(ws, each) for each in mailing.one_budget]:
            if other is not None:
                spent = results.added_up(await store.tallies(ws, other.id), cancelled=False, now=now)
                left -= _spent(spent, other.dearest_minor)
        if dearest:
            allowed = max(0, left // dearest)
        if not allowed and not tally.sending and tally.queued:
            return Verdict("The budget is used up.", 0)
    if mailing.ramp and mailing.started_at is not None:
        day = (now - mailing.started_at) // timedelta(days=1)
        if day < len(mailing.ramp):
            allowed = min(allowed, max(0, sum(mailing.ramp[: day + 1]) - handed_over))
    return Verdict(None, allowed)


def _spent(tally: Tally, dearest: int) -> int:
    """What it may have cost by now, with what is on its way or may have arrived."""
    return tally.cost_minor + (tally.sending + tally.unknown) * dearest


async def _template_is_bad(ws: Workspace, mailing: Mailing, account_id: str) -> str | None:
    """Why none of its approved texts may go on, if one was taken out of service or is rated low."""
    names = {
        (content.name, content.language)
        for words in mailing.contents.values()
        for content in words.values()
        if isinstance(content, Template)
    }
    for name, language in sorted(names):
        kept = await templates.get(ws, templates.id_for(account_id, name, language))
        if kept is None:
            continue
        status, quality = kept.template.status.lower(), (kept.template.quality or "").lower()
        detail = f" {kept.alarm.detail}" if kept.alarm is not None and kept.alarm.detail else ""
        if status in _OUT_OF_SERVICE:
            return f"The template {name} ({language}) is {_OUT_OF_SERVICE[status]}.{detail}"
        if mailing.guards.quality and quality in _LOW:
            return f"The provider rates the template {name} ({language}) as low: people block or report it.{detail}"
    return None


async def _rated_low(ws: Workspace, account_id: str) -> bool:
    row = await accounts.row_of(ws, account_id)
    return str(row.health.get("quality") or "").lower() in _LOW
