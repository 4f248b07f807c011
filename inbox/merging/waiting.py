"""Two that were one are parted: whose the unread messages are, and the customer's wait for an answer."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from inbox.conversations import Conversation
from inbox.finding import reading
from inbox.timeline import Entry


@dataclass(frozen=True, slots=True)
class Heard:
    """Something that a customer wrote while they were one, and whether it goes with the one that leaves."""

    entry: Entry
    goes: bool

    def counted(self, taken_in: Mapping[str, int]) -> bool:
        """Whether it had been taken in when this was how far each way was (see `sides.heard`)."""
        return self.entry.number <= taken_in.get(f"{self.entry.account_id}|{self.entry.address}", 0)


@dataclass(frozen=True, slots=True)
class Made:
    """What a merge made of the survivor's conversation, how far each way was taken in, and since when they waited."""

    before: Conversation
    after: Conversation
    taken_in: Mapping[str, int]
    waited: datetime | None

    @property
    def brought_wait(self) -> datetime | None:
        joined = _first(self.before.waiting_since, self.waited)
        return self.waited if self.after.waiting_since == joined else None


@dataclass(frozen=True, slots=True)
class Marks:
    """What of it is one side's. `by` has those members who have read less, or more, than the others."""

    unread: int
    by: Mapping[str, int]
    since: datetime | None

    def on(self, conversation: Conversation) -> Conversation:
        return replace(conversation, unread=self.unread, unread_by=self.by, waiting_since=self.since)

    def row(self) -> dict[str, Any]:
        """As a conversation stores it."""
        return {"unread": self.unread, "unread_by": dict(self.by), "waiting_since": self.since}


def of_other(
    now: Conversation, taken_in: Mapping[str, int], merges: Sequence[Made], own: Conversation, heard: Sequence[Heard]
) -> Marks:
    """
    What the one that leaves has of `now`. `merges` begins with the one that is undone; those made after it, into the
    same contact, follow. `own` is the conversation of whoever leaves, as it was.
    """
    # What is just being taken in, the survivor's will be; the other's will not.
    late = sum(each.goes and not each.counted(taken_in) for each in heard)

    def unread(one: str | None) -> int:
        share, read = _share(now, taken_in, merges, heard, one)
        return late + share + (0 if read else _unread(own, one))

    since, _ = _peeled(now, merges)
    waits = [own.waiting_since] if _unanswered(since, merges[0]) else []
    return _marks(now, unread, [*waits, *_asked(now, taken_in, heard, goes=True)])


def of_survivor(
    now: Conversation, taken_in: Mapping[str, int], merges: Sequence[Made], heard: Sequence[Heard]
) -> Marks:
    """What stays of `now` with the survivor; see `of_other`."""
    undone = merges[0]

    def unread(one: str | None) -> int:
        share, read = _share(now, taken_in, merges, heard, one)
        brought = 0 if read else _unread(undone.after, one) - _unread(undone.before, one)
        return max(_unread(now, one) - share - brought, 0)

    since, brought_later = _peeled(now, merges)
    waits = [undone.before.waiting_since] if _unanswered(since, undone) else []
    return _marks(now, unread, [*waits, *brought_later, *_asked(now, taken_in, heard, goes=False)])


def corrected(merges: Sequence[Made], heard: Sequence[Heard]) -> tuple[Marks, Marks]:
    """Before and after the last of these merges, if the first had never been."""
    last = merges[-1]
    known = [each for each in heard if each.counted(last.taken_in)]
    before = of_survivor(last.before, last.taken_in, merges[:-1], known)
    without = before.on(last.before)

    def unread(one: str | None) -> int:
        return max(_unread(last.after, one) - _unread(last.before, one) + _unread(without, one), 0)

    own = last.after.waiting_since != _first(last.before.waiting_since, last.waited)
    since = last.after.waiting_since if own else _first(before.since, last.waited)
    return before, _marks(last.after, unread, [since])


def _share(
    now: Conversation, taken_in: Mapping[str, int], merges: Sequence[Made], heard: Sequence[Heard], one: str | None
) -> tuple[int, bool]:
    """
    How many of the messages heard since that are unread go, and whether what was unread when the two became one was
    read since. What later merges brought and nobody has read yet is neither's.
    """
    left = _unread(now, one)
    counted = [each for each in heard if each.counted(taken_in)]
    for each in reversed(merges):
        since = sum(not news.counted(each.taken_in) for news in counted)
        if left < _unread(each.after, one) + since:
            # It was read since: what is unread came last.
            return (sum(news.goes for news in counted[-left:]) if left > 0 else 0), True
        if each is not merges[0]:
            left -= _unread(each.after, one) - _unread(each.before, one)
    return sum(news.goes for news in counted), False


def _peeled(now: Conversation, merges: Sequence[Made]) -> tuple[datetime | None, list[datetime | None]]:
    """Since when somebody waits without the merges behind the first, and the waits that those brought."""
    since, brought = now.waiting_since, []
    for each in reversed(merges[1:]):
        if _unanswered(since, each):
            brought.append(each.brought_wait)
            since = each.before.waiting_since
    return since, brought


def _unanswered(since: datetime | None, made: Made) -> bool:
    """Nobody has answered since this merge: whoever waited then waits still."""
    return since is not None and since == made.after.waiting_since


def _asked(
    now: Conversation, taken_in: Mapping[str, int], heard: Sequence[Heard], *, goes: bool
) -> Iterable[datetime | None]:
    """When each message that waits for an answer, and is this side's, was written."""
    for each in heard:
        at = each.entry.created_at
        if each.goes is goes and (not each.counted(taken_in) or (now.waiting_since and at >= now.waiting_since)):
            yield at


def _unread(conversation: Conversation, one: str | None) -> int:
    return conversation.unread if one is None else reading.unread_by(conversation, one)


def _marks(now: Conversation, unread: Callable[[str | None], int], waits: Iterable[datetime | None]) -> Marks:
    number = unread(None)
    by = {one: unread(one) for one in now.unread_by}
    return Marks(number, {one: each for one, each in by.items() if each != number}, _first(*waits))


def _first(*times: datetime | None) -> datetime | None:
    return min((each for each in times if each is not None), default=None)
