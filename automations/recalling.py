"""Taking a broadcast back from people's screens, where the channel can; who keeps it is counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from app.core.errors import AppError
from app.core.runtime import Workspace
from automations import broadcasts, rolls, runs
from automations.broadcasts import Broadcast
from automations.runs import Recall, Run
from automations.store import runs as store
from inbox import timeline
from inbox.answering import corrections
from inbox.mailings import mailings
from inbox.mailings import placing as timelines
from inbox.mailings.mailing import Outcome

# What was under way when it was stopped has come to its end by then, or nobody will ever know.
_SETTLED: Final = timedelta(seconds=2)
_LOST: Final = timedelta(seconds=60)
_PAGE: Final = 100


async def all_over(ws: Workspace, now: Broadcast) -> bool:
    """Whether what was under way when it was stopped has arrived: it has to be taken back, too."""
    since = ws.clock.now() - (now.finished_at or now.updated_at)
    if now.state == "done" or since > _LOST:
        return True
    if since < _SETTLED:
        return False
    found = [await mailings.find(ws, source) for source in rolls.sources(now.id)]
    return not any([(await mailings.progress(ws, each.id)).sending for each in found if each is not None])


async def go_on(ws: Workspace, run: Run, recall: Recall) -> None:
    """One page of people after the other; each is asked for once, and those that cannot be are counted."""
    while not recall.done:
        mailing = await mailings.find(ws, rolls.source_of(run.id, recall.way))
        if mailing is None:
            recall = replace(recall, done=True)
            await store.set(ws, run.id, {"recall": recall})
            break
        page, cursor = await mailings.recipients(ws, mailing.id, state="sent", after=recall.after, limit=_PAGE)
        # The messages may not all stand on timelines yet.
        await timelines.settle(ws, [each.contact_id for each in page])
        taken = [await _taken_back(ws, each) for each in page]
        recall = replace(
            recall,
            deleted=recall.deleted + taken.count(True),
            failed=recall.failed + taken.count(False),
            after=cursor,
            way=recall.way if cursor else recall.way + 1,
        )
        await store.set(ws, run.id, {"recall": recall})
        await runs.tell_progress(ws, run.id)
    await broadcasts.tell(ws, await broadcasts.get(ws, run.id))


async def _taken_back(ws: Workspace, each: Outcome) -> bool:
    entry = await timeline.find(ws, each.entry_id) if each.entry_id else None
    if entry is None:
        return False
    try:
        await corrections.delete(ws, entry)
    except AppError:
        return False
    return True
