"""
What is pushed to members' devices: the same news as the bell's, and what customers write to whom they are assigned.

Each is a row, written before the change that it tells of, under an id that derives from the same; done twice it is
there once. A job of a lane of its own sends it (see push_delivery.py), and the sweeper asks for what was left. Whoever
has no device costs one look at an index that holds devices alone.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo, available_timezones

from app.core import ids
from app.core.errors import Invalid
from app.core.platform import push_devices
from app.core.queue import Lane
from app.core.runtime import Workspace
from inbox.store import push as store

Kind = Literal["mention", "assigned", "message", "activity", "attention", "deferred", "woken", "unhappy"]
KINDS: tuple[Kind, ...] = get_args(Kind)
KEPT = timedelta(days=2)
# What was given up is shown to operators so long.
KEPT_FAILED = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """
    News for one member. `notification_id` is the bell's row, where there is one; `done` are the devices (session ids)
    that have it or are gone, `refused` those whose service will not have it, and `error` what was last said by one that
    did not take it; `due_at` None: nothing is left to do.
    """

    id: str
    member_id: str
    kind: Kind
    conversation_id: str
    contact_name: str
    by_name: str | None
    text: str
    at: datetime
    ticket_id: str | None = None
    path: str | None = None
    notification_id: str | None = None
    attempts: int = 0
    done: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    error: str = ""
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class QuietHours:
    """By the clock of `zone`; an end at or before the start is on the next day."""

    start: time
    end: time
    zone: str


@dataclass(frozen=True, slots=True)
class PushSettings:
    """What a member wants to be pushed; `only_away`: nothing while they are at work on a screen."""

    kinds: tuple[Kind, ...] = KINDS
    only_away: bool = True
    quiet: QuietHours | None = None


def is_quiet(quiet: QuietHours | None, at: datetime) -> bool:
    if quiet is None:
        return False
    local = at.astimezone(ZoneInfo(quiet.zone)).time()
    if quiet.start < quiet.end:
        return quiet.start <= local < quiet.end
    return local >= quiet.start or local < quiet.end


async def settings_of(ws: Workspace, member_id: str) -> PushSettings:
    return await store.settings_of(ws, member_id) or PushSettings()


async def change_settings(ws: Workspace, member_id: str, settings: PushSettings) -> None:
    """Raises Invalid."""
    if settings.quiet is not None:
        if settings.quiet.zone not in available_timezones():
            raise Invalid.field("quiet.zone", "This is no time zone. Write one such as Europe/Paris.")
        if settings.quiet.start == settings.quiet.end:
            raise Invalid.field("quiet.end", "Quiet hours have to end at another time than they begin.")
    await store.save_settings(ws, member_id, settings)


async def plan(ws: Workspace, news: Sequence[Push]) -> list[Push]:
    """Keeps those that somebody has a device for and wants; `start` sends them once all else is stored."""
    having = await push_devices.members_with(
        ws.runtime.mongo, list(dict.fromkeys(each.member_id for each in news)), ws.clock.now()
    )
    found = await asyncio.gather(*(settings_of(ws, member_id) for member_id in having))
    wanted = dict(zip(having, found, strict=True))
    now = ws.clock.now()
    kept = [each for each in news if each.member_id in wanted and each.kind in wanted[each.member_id].kinds]
    if kept:
        await store.insert_new(ws, kept, due_at=now, expires_at=now + KEPT)
    return kept


async def start(ws: Workspace, planned: Sequence[Push]) -> None:
    for each in planned:
        await ws.queue.enqueue("push", ws.id, each.id, lane=Lane.PUSH)


def id_of(*parts: str) -> str:
    return ids.derived("psh", *parts)
