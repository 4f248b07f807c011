"""
What readers tell writers: whether an article helped, with a word if they like; how often colleagues sent it on; and
what was looked for in the help centre and not found.

Nobody is known by it: no cookie is set, no address is kept.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from app.core import audit, ids
from app.core.audit import Target
from app.core.errors import NotFound
from app.core.permissions import Actor
from app.core.runtime import Workspace
from inbox import live
from inbox.finding import words
from inbox.store import listening as store

MOST_WORD_CHARS = 1_000
MOST_MISSES = 500
_MOST_SOUGHT_CHARS = 80
# A word to a vote is taken so long after it.
_WORD_WITHIN = timedelta(hours=1)
_KEPT = timedelta(days=365)
_MISSES_KEPT = timedelta(days=90)
# The address of an article, as help_centre.url and articles.url make it.
_LINK = re.compile(r"/help/[a-z0-9-]+/[a-z0-9-]+/(\d{1,9})-")
# Somebody's number or address typed into the search box is no question to the writers.
_PERSONAL = re.compile(r"\S*@\S*|\+?\d[\d\s().-]{5,}")

Counted = Literal["helped", "failed", "sent"]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many said that it helped, how many that it did not, how often colleagues sent its link."""

    helped: int = 0
    failed: int = 0
    sent: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    id: str
    article_id: str
    language: str
    helped: bool
    word: str = ""
    at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """What was looked for and not found, as it was last typed; how often, and when last."""

    id: str
    sought: str
    language: str
    times: int
    last_at: datetime


async def vote(ws: Workspace, article_id: str, language: str, *, helped: bool) -> Feedback:
    now = ws.clock.now()
    feedback = Feedback(
        id=ids.new("fbk"), article_id=article_id, language=language, helped=helped, at=now, expires_at=now + _KEPT
    )
    await store.insert(ws, feedback)
    await store.count(ws, article_id, "helped" if helped else "failed")
    await live.publish(ws, live.event("article", {"id": article_id}))
    return feedback


async def say(ws: Workspace, article_id: str, feedback_id: str, word: str) -> bool:
    """A word to a vote, once, soon after it; whether it was taken."""
    text = " ".join(word.split())[:MOST_WORD_CHARS]
    if not text or not await store.say(ws, article_id, feedback_id, text, since=ws.clock.now() - _WORD_WITHIN):
        return False
    await live.publish(ws, live.event("article", {"id": article_id}))
    return True


async def count_links(ws: Workspace, text: str) -> None:
    """A colleague has sent this: each article that it links to is counted once."""
    for number in dict.fromkeys(map(int, _LINK.findall(text))) if ws.settings.public_url in text else ():
        if article_id := await store.article_with(ws, number):
            await store.count(ws, article_id, "sent")
            await live.publish(ws, live.event("article", {"id": article_id}))


async def counts(ws: Workspace, article_ids: list[str]) -> dict[str, Counts]:
    return await store.counts(ws, article_ids)


async def feedback(
    ws: Workspace, article_id: str, *, before: tuple[datetime, str] | None, limit: int
) -> list[Feedback]:
    """The newest first; kept for a year."""
    return await store.page(ws, article_id, before=before, limit=limit)


async def forget(ws: Workspace, article_id: str) -> None:
    """Everything that was said of an article."""
    await store.forget(ws, article_id)


async def missed(ws: Workspace, sought: str, language: str) -> None:
    """Nothing was found for this. Half a word, or what looks like somebody's address or number, is not kept."""
    text = " ".join(_PERSONAL.sub(" ", sought).split())[:_MOST_SOUGHT_CHARS]
    if len(text) < 3:
        return
    now = ws.clock.now()
    key = ids.derived("mis", ws.id, language, " ".join(sorted(words.wanted(text))))
    await store.miss(ws, key, text, language, at=now, until=now + _MISSES_KEPT)


async def misses(ws: Workspace) -> list[Miss]:
    """The most wanted first, of the last few hundred."""
    found = await store.misses(ws, limit=MOST_MISSES)
    return sorted(found, key=lambda miss: (-miss.times, miss.sought))


async def settle(ws: Workspace, actor: Actor, miss_id: str) -> None:
    """It is written now, or never will be. Raises NotFound."""
    miss = await store.settle(ws, miss_id)
    if miss is None:
        raise NotFound("This is off the list already.")
    await audit.record(ws, actor, "help_miss.settled", Target("help_miss", miss_id, miss.sought))
    await live.publish(ws, live.event("help_centre", {"id": ws.id}))
