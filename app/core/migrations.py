"""
Migrations: changes to stored data that a new version needs, each done once, in order, under a lock.

Each is numbered and safe to run again: a process killed half way leaves it `running`, and the next start goes on from
the progress it has noted. Indexes are not migrations: what is declared in app/core/mongo.py is made at every start.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app.core import log, mongo
from app.core.clock import Clock
from app.core.platform import (
    audit,
    broadcasts,
    contacts,
    conversations,
    entries,
    mailings,
    queues,
    reports,
    segments,
    workspaces,
)
from app.core.platform import migrations as rows
from app.core.platform.migrations import LOCK_SECONDS
from app.core.tasks import end

_log = log.get("migrations")
_WAIT_SECONDS = 600.0
_LOOK_SECONDS = 0.3


class MigrationsBusy(Exception):
    """Another process holds the lock for longer than anybody should wait."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a migration got, kept in its row."""

    db: mongo.Database
    number: int

    async def load(self) -> dict[str, Any]:
        return await rows.progress(self.db, self.number)

    async def save(self, **values: Any) -> None:
        await rows.save_progress(self.db, self.number, values)


@dataclass(frozen=True, slots=True)
class Migration:
    """`run` may be called again after it was stopped anywhere."""

    number: int
    name: str
    run: Callable[[mongo.Database, Progress, Clock], Awaitable[None]]


async def _default_queues(db: mongo.Database, progress: Progress, clock: Clock) -> None:
    """Every workspace has the queue that conversations open in."""
    after = str((await progress.load()).get("after", ""))
    for workspace_id in sorted([row.id async for row in workspaces.every(db)]):
        if workspace_id > after:
            await queues.ensure_default(db, workspace_id, clock.now())
            await progress.save(after=workspace_id)


async def _conversation_facets(db: mongo.Database, progress: Progress, clock: Clock) -> None:
    """Conversations carry what they are found by (inbox/finding/facets.py), and how long they may be answered."""
    await conversations.add_facets(db)


async def _audit_nouns(db: mongo.Database, progress: Progress, clock: Clock) -> None:
    """Audit entries are found by the noun of their action."""
    await audit.add_nouns(db)


async def _contact_prefixes(db: mongo.Database, progress: Progress, clock: Clock) -> None:
    """Contacts are found by how their words begin."""
    await contacts.add_prefixes(db)


async def _blocked_contacts(db: mongo.Database, progress: Progress, clock: Clock) -> None:
    """Contacts that are blocked are listed."""
    await contacts.list_blocked(db)


async def _conversation_watchers(db: mongo.Database, progress: Progress, clock: Clock) -> None:
    """Conversations are found by who follows them, and those that nobody has by that."""
    await conversations.add_watchers(db)


async def _entry_shelves(db: mongo.Database, progress: Progress, clock: Clock) -> None:
    """Entries are found by kind and channel."""
    await entries.add_shelves(db)


async def _open_since(db: mongo.Database, progress: Progress, clock: Clock) -> None:
    """What is open is found by its age; sums of reports are kept by zones."""
    await reports.add_open_since(db)
    await reports.drop_days_of_no_zone(db)


async def _contact_lists(db: mongo.Database, progress: Progress, clock: Clock) -> None:
    """Contacts are listed by when they came, by name, and by what they have."""
    await contacts.add_lists(db)


async def _consent_standings(db: mongo.Database, progress: Progress, clock: Clock) -> None:
    """How things stand with a person's consent is reckoned from facts alone."""
    await contacts.add_standings(db)


async def _rare_marks(db: mongo.Database, progress: Progress, clock: Clock) -> None:
    """What few entries have burdens the indexes of no other."""
    await entries.move_rare_marks(db)


async def _counting_segments(db: mongo.Database, progress: Progress, clock: Clock) -> None:
    """Segments that count what happened left out a few people; the clerk works them out again, once it runs."""
    after = str((await progress.load()).get("after", ""))
    while begun := await segments.count_again(db, clock, after=after):
        after = begun[-1]
        await progress.save(after=after)


async def _fallbacks(db: mongo.Database, progress: Progress, clock: Clock) -> None:
    """Fallbacks of broadcasts take people over one by one."""
    await broadcasts.follow_up(db, clock)


async def _outcomes(db: mongo.Database, progress: Progress, clock: Clock) -> None:
    """What became of a batch's people is stored as one piece."""
    await mailings.put_outcomes_in_one_piece(db)


MIGRATIONS: tuple[Migration, ...] = (
    Migration(1, "default queues", _default_queues),
    Migration(2, "conversation facets", _conversation_facets),
    Migration(3, "audit nouns", _audit_nouns),
    Migration(4, "contact prefixes", _contact_prefixes),
    Migration(5, "blocked contacts", _blocked_contacts),
    Migration(6, "conversation watchers", _conversation_watchers),
    Migration(7, "entry shelves", _entry_shelves),
    Migration(8, "ages and zones of reports", _open_since),
    Migration(9, "lists of contacts", _contact_lists),
    Migration(10, "consent standings", _consent_standings),
    Migration(11, "rare marks of entries", _rare_marks),
    Migration(12, "segments that count", _counting_segments),
    Migration(13, "fallbacks one by one", _fallbacks),
    Migration(14, "outcomes in one piece", _outcomes),
)


async def run(db: mongo.Database, clock: Clock, migrations: Sequence[Migration] = MIGRATIONS) -> list[str]:
    """
    Makes the declared indexes and runs what is pending; the names of what was run.

    Raises MigrationsBusy, and whatever a migration raises: the start must not go on without it.
    """
    ran: list[str] = []
    async with _locked(db, clock):
        created = await mongo.ensure_indexes(db)
        if created:
            _log.info("indexes_created", indexes=len(created))
        done = await rows.done(db)
        for migration in sorted(migrations, key=lambda m: m.number):
            if migration.number in done:
                continue
            await rows.begin(db, migration.number, migration.name, clock.now())
            await migration.run(db, Progress(db, migration.number), clock)
            await rows.finish(db, migration.number, clock.now())
            _log.info("migration_done", number=migration.number, name=migration.name)
            ran.append(migration.name)
    return ran


async def pending(db: mongo.Database, migrations: Sequence[Migration] = MIGRATIONS) -> list[str]:
    """What `run` would run."""
    done = await rows.done(db)
    return [migration.name for migration in migrations if migration.number not in done]


@asynccontextmanager
async def _locked(db: mongo.Database, clock: Clock) -> AsyncIterator[None]:
    """One process at a time; a holder that died is waited for no longer than its lock lasts."""
    holder = secrets.token_hex(8)
    deadline = time.monotonic() + _WAIT_SECONDS
    while not await rows.take_lock(db, holder, clock.now(), clock.now() + timedelta(seconds=LOCK_SECONDS)):
        if time.monotonic() > deadline:
            raise MigrationsBusy("Another process has been migrating for ten minutes. Look at its log.")
        await asyncio.sleep(_LOOK_SECONDS)
    renewing = asyncio.create_task(_renew(db, holder, clock))
    try:
        yield
    finally:
        await end((renewing,))
        with suppress(mongo.DatabaseError):
            await rows.release_lock(db, holder)


async def _renew(db: mongo.Database, holder: str, clock: Clock) -> None:
    while True:
        await asyncio.sleep(LOCK_SECONDS / 4)
        with suppress(mongo.DatabaseError):
            await rows.renew_lock(db, holder, clock.now() + timedelta(seconds=LOCK_SECONDS))
