"""
Keeping contact health true (crm/contact_health.py is the reckoning).

It is begun in a workspace by the first look at anybody's, and costs nothing before. From then on whoever has news on
their timeline (they wrote, answered a survey, stopped something, a ticket moved) or did something with a broadcast is
asked anew within seconds, a few hundred at a time; and once a day everybody is, stretch by stretch, for the days that
pass. What comes out the same is not written. One process does it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

from redis.exceptions import RedisError

from app.core import hints, leases, rounds
from app.core.kept import Kept
from app.core.mongo import DatabaseError
from app.core.platform import contact_health as platform
from app.core.runtime import Runtime, Workspace
from crm import contact_health, happenings
from crm.contact_health import LOOK_BACK, Answer, Facts, Health, HealthSettings
from crm.contacts import Contact
from crm.store import contact_health as store
from crm.store import contacts as contact_store
from crm.store import happenings as happening_rows
from crm.store.contact_health import Looking
from inbox import conversations, live, stored
from inbox.closing.surveys import Survey
from inbox.conversations import Conversation
from inbox.store import conversations as conversation_rows
from inbox.store import surveys as survey_rows
from inbox.store import tickets as ticket_rows
from inbox.ticketing.tickets import Ticket

# Whether scores are kept in a workspace a process knows for so long.
_KEPT_SECONDS: Final = 3.0
_AT_ONCE: Final = 100
# Of everybody so many a round.
_STRETCH: Final = 300
_MARK: Final = "contact_health"
_HINT: Final = "contact_health"
# Who begins gives a hint.
_IDLE_SECONDS: Final = 30.0
_OF_ENTRIES: Final = ("workspace_id", "contact_id", "kind", "direction", "created_at")
_SCALES: Final[Mapping[str, tuple[int, int]]] = {"csat": (1, 5), "nps": (0, 10)}
_KINDS: Final = (happenings.SENT, happenings.CLICKED, happenings.REPLIED)


# --- settings -----------------------------------------------------------------------------------------------------


async def looking(ws: Workspace) -> Looking:
    return await store.get(ws)


async def save(ws: Workspace, settings: HealthSettings) -> Looking:
    """In force for everybody by and by; switched off, scores stay as they are and grow old."""
    await store.save(ws, settings)
    if settings.enabled:
        await _begin(ws)
    else:
        await store.stop(ws)
    _active.forget(ws)
    return await store.get(ws)


async def _begin(ws: Workspace) -> None:
    await store.begin(ws, ws.clock.now())
    await hints.give(ws.redis, _HINT)


async def _is_active(ws: Workspace) -> bool:
    return (await store.get(ws)).active


_active = Kept(_is_active, _KEPT_SECONDS)


# --- one by one ---------------------------------------------------------------------------------------------------


async def of(ws: Workspace, contact: Contact) -> Health | None:
    """As it is at this moment; kept, too. The first look at anybody's begins looking through all."""
    known = await store.get(ws)
    if not known.settings.enabled:
        return None
    if not known.active:
        await _begin(ws)
        _active.forget(ws)
    found = await _judged(ws, [contact], known.settings)
    await _keep(ws, [contact], found)
    return found[contact.id]


async def refresh(ws: Workspace, contact_ids: Sequence[str], settings: HealthSettings) -> set[str]:
    """Asks anew about these; who is saved at the same moment once more. Those that are not as they were."""
    changed: set[str] = set()
    for _ in range(3):
        known = await contact_store.contacts_by_id(ws, list(dict.fromkeys(contact_ids)))
        people = [each for each in known.values() if each.merged_into is None and each.erased_at is None]
        moved, all_kept = await _keep(ws, people, await _judged(ws, people, settings)) if people else (set(), True)
        changed |= moved
        if all_kept:
            break
    return changed


async def _keep(ws: Workspace, people: Sequence[Contact], found: Mapping[str, Health | None]) -> tuple[set[str], bool]:
    """Writes what is not as it was; who that is, and whether nobody interfered."""
    changed = [(each, found[each.id]) for each in people if not contact_health.alike(each.health, found[each.id])]
    kept = not changed or await store.put(ws, changed) == len(changed)
    return {each.id for each, _ in changed}, kept


async def _judged(ws: Workspace, people: Sequence[Contact], settings: HealthSettings) -> dict[str, Health | None]:
    """A handful of reads for all of them."""
    now = ws.clock.now()
    members = {each.id: (each.id, *each.absorbed) for each in people}
    everybody = [member for ids in members.values() for member in ids]
    rows = await contact_store.addresses_of_contacts(ws, list(members))
    threads = {
        each.contact_id: each
        for each in await conversation_rows.get_many(ws, [conversations.id_for(contact_id) for contact_id in members])
    }
    asked = _by_contact(await survey_rows.of_contacts(ws, everybody))
    problems = _by_contact(await ticket_rows.of_contacts(ws, everybody))
    told = _by_contact(await happening_rows.of_contacts(ws, everybody, dict.fromkeys(_KINDS, now - LOOK_BACK)))
    found: dict[str, Health | None] = {}
    for contact_id, ids in members.items():
        facts = _facts(
            threads.get(contact_id),
            [each for member in ids for each in asked.get(member, ())],
            [each for member in ids for each in problems.get(member, ())],
            [each for member in ids for each in told.get(member, ())],
            [row.consent for row in rows.get(contact_id, ())],
            now,
        )
        found[contact_id] = contact_health.judge(facts, settings, now)
    return found


def _by_contact(found: Sequence[Any]) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for each in found:
        groups.setdefault(each.contact_id, []).append(each)
    return groups


def _facts(
    thread: Conversation | None,
    asked: Sequence[Survey],
    problems: Sequence[Ticket],
    told: Sequence[happenings.Happening],
    consents: Sequence[Any],
    now: datetime,
) -> Facts:
    heard = [way.last_inbound_at for way in thread.reach if way.last_inbound_at] if thread else []
    answers = [
        Answer(each.score, *_SCALES[each.kind], each.answered_at)
        for each in asked
        if each.score is not None and each.answered_at and each.answered_at > now - contact_health.ANSWERS_COUNT
    ]
    whole = [each for each in problems if each.merged_into is None]
    active = [each for each in whole if each.active]
    solved = [each for each in whole if not each.active and each.updated_at > now - LOOK_BACK]
    sent = {each.id.partition("/")[2] for each in told if each.kind == happenings.SENT}
    engaged = {each.id.partition("/")[2] for each in told if each.kind != happenings.SENT}
    return Facts(
        wrote_at=max(heard, default=None),
        written_to=thread is not None and thread.last_number > 0,
        answers=answers,
        open_tickets=len(active),
        late_tickets=sum(1 for each in active if each.sla and each.sla.breached),
        solved_late=sum(1 for each in solved if each.sla and each.sla.breached),
        had_tickets=bool(active or solved),
        sent=len(sent),
        engaged=len(sent & engaged),
        consents=consents,
    )


# --- everybody ----------------------------------------------------------------------------------------------------


async def hint(ws: Workspace, contact_id: str) -> None:
    """They did something that is on no timeline."""
    with suppress(RedisError, OSError, TimeoutError):
        if await _active.of(ws):
            connection: Any = ws.redis
            await connection.sadd(_hints(ws), contact_id)


def _hints(ws: Workspace) -> str:
    return f"parley:health:{ws.id}"


async def run(runtime: Runtime) -> None:
    """Until cancelled; one worker at a time does it, and where nobody keeps scores it hardly ever asks."""
    while True:
        with suppress(DatabaseError, RedisError, OSError, TimeoutError):
            async with leases.hold(runtime.redis, "contact-health") as lease:
                keeper = Keeper(runtime)
                while lease is not None and not lease.lost and await keeper.round():
                    await rounds.rest(runtime.settings.round_seconds)
            await hints.wait(runtime.redis, _HINT, rounds.spread(_IDLE_SECONDS))
            continue
        await asyncio.sleep(runtime.settings.round_seconds)


class Keeper:
    """One tenure."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._seen: dict[str, datetime] = {}
        self._settings: dict[str, HealthSettings] = {}

    async def round(self) -> bool:
        """What there is to do now; False where nobody keeps scores, so that there is nothing to follow."""
        workspaces = await platform.active(self._runtime)
        self._settings = {each: (await store.get(self._runtime.workspace(each))).settings for each in workspaces}
        if not workspaces:
            return False
        await stored.begin(self._runtime, _MARK)
        await stored.follow(self._runtime, _MARK, self._seen, self._heard, fields=_OF_ENTRIES)
        for workspace_id in workspaces:
            ws = self._runtime.workspace(workspace_id)
            connection: Any = ws.redis
            told = [each.decode() for each in await connection.spop(_hints(ws), _AT_ONCE)]
            await self._refresh(ws, told)
            await go_on(ws)
        return True

    async def _heard(self, runtime: Runtime, rows: Sequence[stored.Row]) -> None:
        by_workspace: dict[str, dict[str, None]] = {}
        for row in rows:
            if row["workspace_id"] in self._settings and row.get("direction") != "out":
                by_workspace.setdefault(row["workspace_id"], {})[row["contact_id"]] = None
        for workspace_id, contact_ids in by_workspace.items():
            await self._refresh(runtime.workspace(workspace_id), list(contact_ids))

    async def _refresh(self, ws: Workspace, contact_ids: Sequence[str]) -> None:
        for first in range(0, len(contact_ids), _AT_ONCE):
            changed = await refresh(ws, contact_ids[first : first + _AT_ONCE], self._settings[ws.id])
            told = [{"id": each, "conversation_id": conversations.id_for(each)} for each in sorted(changed)]
            await live.publish(ws, *(live.event("contact_health", each) for each in told))


async def go_on(ws: Workspace) -> None:
    """The next stretch of everybody; begun anew where a day has passed since the last time."""
    known = await store.get(ws)
    if not known.active:
        return
    now = ws.clock.now()
    if not known.running:
        if known.started_at is None or now - known.started_at >= timedelta(days=1):
            await store.begin(ws, now)
        return
    some = await contact_store.in_order(ws, after=known.after, limit=_STRETCH, where={})
    for first in range(0, len(some), _AT_ONCE):
        await refresh(ws, [each.id for each in some[first : first + _AT_ONCE]], known.settings)
    looked_at = known.looked_at + len(some)
    values: dict[str, Any] = {"looked_at": looked_at}
    if len(some) < _STRETCH:
        values |= {"running": False, "after": None, "total": looked_at}
    else:
        values["after"] = some[-1].id
    await store.advance(ws, known, values)
