"""
Who follows a conversation, whom a note mentions, and for whom there is news in it: the conversation's own fields.

`followers` are told of what happens; who writes or is mentioned follows from then on. `mentioned` have not yet seen a
note that names them, `notified` have some news that they have not seen, and get no further row for it until they look.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inbox.conversations import Conversation
    from inbox.timeline import Entry

MOST_FOLLOWERS = 50


def taken_in(now: Conversation, entry: Entry) -> Conversation:
    """The conversation after an entry: its author follows, and so do those whom it names; they and others have news."""
    named = members_in(entry)
    news = (*named, *news_for(now, entry))
    writer = (entry.author.id,) if entry.author.type == "member" and entry.author.id else ()
    followers = _with(now.followers, *writer, *named)[:MOST_FOLLOWERS]
    mentioned = _with(now.mentioned, *named)
    notified = _with(now.notified, *news)
    if (followers, mentioned, notified) == (now.followers, now.mentioned, now.notified):
        return now
    return replace(now, followers=followers, mentioned=mentioned, notified=notified)


def news_for(now: Conversation, entry: Entry) -> tuple[str, ...]:
    """
    The members to whom this entry is news that they have not heard otherwise.

    What the customer writes is told to the assignee by their list; what colleagues write is not. What machines write
    is no news.
    """
    if entry.kind not in ("message", "note") or entry.author.type in ("system", "bot"):
        return ()
    told = {entry.author.id, *members_in(entry), *now.notified}
    concerned = now.followers
    if now.assignee_id is not None:
        if entry.direction == "in":
            told.add(now.assignee_id)
        else:
            concerned = _with(concerned, now.assignee_id)
    return tuple(member_id for member_id in concerned if member_id not in told)


def members_in(entry: Entry) -> tuple[str, ...]:
    """The members whom a note mentions, by name or with their team, but for its author."""
    named = [member_id for mention in entry.mentions for member_id in (mention.members or (mention.id,))]
    return tuple(dict.fromkeys(member_id for member_id in named if member_id != entry.author.id))


def seen(now: Conversation, member_id: str) -> Conversation:
    """The member has looked."""
    if member_id not in now.mentioned and member_id not in now.notified:
        return now
    return replace(now, mentioned=_without(now.mentioned, member_id), notified=_without(now.notified, member_id))


def followed(now: Conversation, member_id: str, following: bool) -> Conversation:
    if (member_id in now.followers) is following or (following and len(now.followers) >= MOST_FOLLOWERS):
        return now
    followers = _with(now.followers, member_id) if following else _without(now.followers, member_id)
    return replace(now, followers=followers)


def told(now: Conversation, member_id: str) -> Conversation:
    """There is news for this member, of another kind than an entry."""
    return now if member_id in now.notified else replace(now, notified=(*now.notified, member_id))


def _with(known: tuple[str, ...], *added: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*known, *added)))


def _without(known: tuple[str, ...], gone: str) -> tuple[str, ...]:
    return tuple(each for each in known if each != gone)
