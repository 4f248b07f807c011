"""
Duties: what has to be done with a conversation at a time, without anybody asking: waking it, closing it
after a long silence, copying its finished episodes, asking how it was.

When is part of its row (`conversations.due_at`), so it survives whatever happens; one worker at a time looks at what is
due. Every duty looks at the stored row again and may be repeated.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from redis.exceptions import RedisError

from app.core import leases, log, rounds
from app.core.errors import AppError, NotFound
from app.core.mongo import DatabaseError
from app.core.platform import work
from app.core.runtime import Runtime, Workspace
from inbox import conversations, episodes
from inbox.closing import idle, snooze, surveys
from inbox.conversations import Conversation
from inbox.supervising import rollups
from inbox.ticketing import sla_watch, ticket_news

_log = log.get("duties")
AT_ONCE = 500
Duty = Callable[[Workspace, str], Awaitable[Any]]
# One that fails waits so long, twice as long after each failure, up to ten minutes.
_FIRST_WAIT = timedelta(seconds=10)
_LONGEST_WAIT = timedelta(minutes=10)


class Failures:
    """Whose duties failed in this process, and when to try again: one that cannot be done must not fill the log."""

    def __init__(self) -> None:
        self._waits: dict[str, tuple[datetime, timedelta]] = {}

    def waits(self, conversation_id: str, now: datetime) -> bool:
        return conversation_id in self._waits and self._waits[conversation_id][0] > now

    def failed(self, conversation_id: str, now: datetime) -> None:
        _, last = self._waits.get(conversation_id, (now, _FIRST_WAIT / 2))
        wait = min(2 * last, _LONGEST_WAIT)
        self._waits[conversation_id] = (now + wait, wait)

    def done(self, conversation_id: str) -> None:
        self._waits.pop(conversation_id, None)


async def run(runtime: Runtime) -> None:
    """Looks again and again until cancelled; a database or Redis that is down is waited for."""
    failures = Failures()
    while True:
        await rounds.rest(runtime.settings.round_seconds)
        with suppress(DatabaseError, RedisError, OSError, TimeoutError):
            async with leases.hold(runtime.redis, "duties") as lease:
                if lease is not None:
                    await sweep(runtime, failures)


async def sweep(runtime: Runtime, failures: Failures) -> int:
    """Once over what is due; how many conversations and surveys were looked after."""
    now = runtime.clock.now()
    found: list[tuple[Duty, str, str]] = []
    for workspace_id, conversation_id in await work.due_conversations(runtime, now, limit=AT_ONCE):
        found.append((attend, workspace_id, conversation_id))
    for workspace_id, survey_id in await work.due_surveys(runtime, now, limit=AT_ONCE):
        found.append((_ask, workspace_id, survey_id))
    done = 0
    for do, workspace_id, ref in found:
        if failures.waits(ref, now):
            continue
        try:
            await do(runtime.workspace(workspace_id), ref)
        except (DatabaseError, RedisError, OSError, TimeoutError):
            raise
        except Exception as error:
            # An edge: one conversation must not keep all others from being looked after.
            failures.failed(ref, now)
            if isinstance(error, AppError):
                _log.warning("duty_failed", ref=ref, error=error.code)
            else:
                _log.exception("duty_failed", ref=ref)
        else:
            failures.done(ref)
            done += 1
    return done


async def attend(ws: Workspace, conversation_id: str) -> Conversation | None:
    """Everything that is due with this conversation; it as it is then."""
    with suppress(NotFound):
        conversation = await conversations.get(ws, conversation_id)
        conversation = await snooze.wake_due(ws, conversation)
        conversation = await idle.attend(ws, conversation)
        conversation = await ticket_news.customer_answered(ws, conversation)
        conversation = await sla_watch.attend(ws, conversation)
        return await _copy_episodes(ws, conversation)
    return None


async def _ask(ws: Workspace, survey_id: str) -> None:
    with suppress(NotFound):
        await surveys.attend(ws, survey_id)


async def _copy_episodes(ws: Workspace, conversation: Conversation) -> Conversation:
    done = episodes.ripe(conversation, ws.clock.now())
    if not done:
        return conversation
    for facts in done:
        await rollups.keep(ws, conversation, facts)
        await surveys.after_episode(ws, conversation, facts)
    return (await conversations.change(ws, conversation, episodes.copied(done)))[0]
