"""
How things stand: what the facts about an address come to, for each purpose and each sender of ours.

Pure functions. Facts may come late, twice and in any order: the same set of them always comes to the same standing.
A standing "towards a sender" is what one connected account was told (WhatsApp's stop of marketing, a carrier's opt-out
list); the sender "" is the business as a whole. What a provider keeps for one sender only that sender's provider lifts.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

Said = Literal[
    "granted",  # agreed, to the words shown
    "withdrawn",  # asked us to stop
    "lifted",  # took a stop back (START); no new consent where there was none
    "blocked",  # blocked us at the provider
    "unblocked",
    "held",  # perhaps asked us to stop, in words of their own: nobody is sure yet
    "released",  # it was not meant as a stop
    "asked",  # asked to confirm (double opt-in); `expires_at` is until when
    "paused",  # wants none until `expires_at`; a time that is over ends the pause
    "paced",  # wants no more than one in `every_days`; 0: as they come
    "voided",  # the facts with this evidence do not count (any more)
]
State = Literal["unknown", "granted", "withdrawn", "blocked", "held", "asked", "expired"]

PURPOSES: Final = ("service", "transactional", "marketing")
STOP_CONFIRMATION: Final = "stop_confirmation"
BUSINESS: Final = ""
# Of what was said and heard at the same time the stricter counts.
_RANK: Final[Mapping[Said, int]] = {
    "asked": 0,
    "paused": 0,
    "paced": 0,
    "granted": 1,
    "lifted": 1,
    "released": 1,
    "unblocked": 1,
    "held": 2,
    "withdrawn": 3,
    "blocked": 4,
    "voided": 5,
}
PERSON: Final = "contact"
# A stop in one word; what follows from it on other channels.
KEYWORD: Final = "keyword"
EVERYWHERE: Final = "stop_everywhere"
_CONFIRMED_WITHIN: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """
    One fact as far as it counts. `by_person`: the person said it themselves, rather than a colleague for them.
    `heard_at` is when we learned of it: providers' clocks show whole seconds, so two facts may be of the same time.
    """

    said: Said
    purposes: tuple[str, ...]
    sender: str
    source: str
    evidence: str
    at: datetime
    heard_at: datetime
    by_person: bool
    expires_at: datetime | None = None
    every_days: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """
    What holds for one purpose towards one sender. A stop does not forget the consent before it: a stop that is lifted
    leaves what was there. `at` and `source` are those of the fact that made it what it is.
    """

    at: datetime
    source: str
    blocked_at: datetime | None = None
    withdrawn_at: datetime | None = None
    held_at: datetime | None = None
    granted_at: datetime | None = None
    expires_at: datetime | None = None
    asked_until: datetime | None = None
    paused_until: datetime | None = None
    every_days: int | None = None

    @property
    def state(self) -> State:
        """Without a look at the clock; see `state_at`."""
        if self.blocked_at:
            return "blocked"
        if self.withdrawn_at:
            return "withdrawn"
        if self.held_at:
            return "held"
        if self.granted_at:
            return "granted"
        return "asked" if self.asked_until else "unknown"

    def state_at(self, now: datetime) -> State:
        state = self.state
        if state == "granted" and self.expires_at and self.expires_at <= now:
            return "expired"
        if state == "asked" and self.asked_until and self.asked_until <= now:
            return "unknown"
        return state

    def asks_at(self, now: datetime) -> bool:
        """
        Whether a question is open that their own yes answers, also where they were asked because of a stop before it;
        not while nobody is sure whether they meant one.
        """
        return bool(self.asked_until and self.asked_until > now and not self.held_at and not self.blocked_at)


# By `slot(purpose, sender)`.
Standings = Mapping[str, Standing]


def topic(name: str) -> str:
    """The purpose of one topic of marketing: a stop of it leaves the rest of marketing as it is."""
    return f"marketing/{name}"


def slot(purpose: str, sender: str = BUSINESS) -> str:
    return f"{purpose}@{sender}" if sender else purpose


def of_words(words: Iterable[Word]) -> dict[str, Standing]:
    """What all that was ever said about one address comes to."""
    ordered = sorted(words, key=lambda word: (word.at, word.heard_at, _RANK[word.said], word.evidence))
    void = {(word.evidence, purpose) for word in ordered if word.said == "voided" for purpose in word.purposes}
    found: dict[str, Standing] = {}
    for word in ordered:
        for purpose in word.purposes:
            if word.said == "voided" or (word.evidence, purpose) in void:
                continue
            name = slot(purpose, word.sender)
            found[name] = _after(found.get(name) or Standing(word.at, word.source), word)
    return found


def _after(before: Standing, word: Word) -> Standing:
    now = replace(before, at=word.at, source=word.source)
    match word.said:
        case "blocked":
            return replace(now, blocked_at=word.at)
        case "unblocked":
            return replace(now, blocked_at=None)
        case "withdrawn":
            return replace(now, withdrawn_at=word.at, held_at=None, asked_until=None)
        case "held":
            return replace(now, held_at=word.at)
        case "released":
            return replace(now, held_at=None)
        case "lifted":
            return replace(now, withdrawn_at=None, held_at=None)
        case "asked":
            return replace(before, asked_until=word.expires_at)
        case "paused":
            return replace(before, paused_until=word.expires_at)
        case "paced":
            return replace(before, every_days=word.every_days or None)
        case _:
            agreed = replace(now, granted_at=word.at, expires_at=word.expires_at, asked_until=None)
            # What somebody else writes down never undoes what the person said themselves.
            stopped = before.withdrawn_at or before.held_at
            if stopped and not word.by_person:
                return replace(agreed, at=before.at, source=before.source)
            return replace(agreed, withdrawn_at=None, held_at=None)


def towards(standings: Standings, purpose: str, sender: str) -> list[Standing]:
    """What was said to this sender and to the business, as far as there is anything."""
    names = dict.fromkeys((slot(purpose), slot(purpose, sender)))
    return [standings[name] for name in names if name in standings]


def overall(standings: Standings, purpose: str, now: datetime) -> State:
    """In one word, towards all senders: the strictest that was said to any."""
    states = {standing.state_at(now) for name, standing in standings.items() if name.partition("@")[0] == purpose}
    order: Sequence[State] = ("blocked", "withdrawn", "held", "granted", "asked", "expired")
    return next((state for state in order if state in states), "unknown")


def refusal(standings: Standings, purpose: str, sender: str, now: datetime, about: str = "") -> tuple[str, str] | None:
    """
    Why this person must not be written to: (stable code, words for a person); None if nothing they said stands
    against it. Without a word from them: service and transactional yes, marketing no. `about` is a topic of marketing.
    """
    if purpose == STOP_CONFIRMATION:
        return _unconfirmable(standings, sender, now)
    said = towards(standings, purpose, sender)
    if any(each.blocked_at for each in said):
        return "blocked", "This person has blocked us on this channel."
    if any(each.withdrawn_at for each in said):
        return "opted_out", f"This person has asked us to stop {purpose} messages here. Only they can lift that."
    if purpose == "service":
        return None
    agreed = max((each.granted_at for each in said if each.granted_at), default=None)
    for name, other in standings.items():
        of, _, to = name.partition("@")
        if of != purpose or to in (BUSINESS, sender):
            continue
        # What they told another of our senders they told us, unless they have agreed to this one since.
        stopped = other.withdrawn_at or (other.blocked_at if purpose == "marketing" else None)
        if stopped and (agreed is None or agreed <= stopped):
            return "opted_out", f"This person has asked another of our senders to stop {purpose} messages."
    if any(each.held_at for each in said):
        return "held", "This person may have asked us to stop, in their own words. Settle that first."
    if purpose != "marketing":
        return None
    paused = max((each.paused_until for each in said if each.paused_until), default=None)
    if paused is not None and paused > now:
        return "paused", f"This person wants no offers until {paused:%Y-%m-%d}."
    if about and any(each.withdrawn_at for each in towards(standings, topic(about), sender)):
        return "topic_declined", f"This person wants no offers about “{about}”."
    states = {each.state_at(now) for each in said}
    if "granted" in states:
        return None
    if "expired" in states:
        return "consent_expired", "This person's consent to marketing has run out. Ask them again."
    if "asked" in states:
        return "consent_unconfirmed", "This person has not confirmed yet that they want marketing messages."
    return "no_consent", "This person has not agreed to marketing messages here."


def _unconfirmable(standings: Standings, sender: str, now: datetime) -> tuple[str, str] | None:
    """
    A stop is confirmed once, and soon. Source: 47 CFR 64.1200(a)(12), one text within five minutes.

    Where the provider keeps a stop or a block for this sender it has answered by itself, and lets nothing through.
    """
    if any(each.blocked_at for purpose in PURPOSES for each in towards(standings, purpose, sender)):
        return "blocked", "This person has blocked us on this channel."
    kept = (standings.get(slot(purpose, sender)) for purpose in PURPOSES)
    if any(each is not None and each.withdrawn_at for each in kept):
        return "opted_out", "The provider keeps this person's stop, and has confirmed it."
    stop = standings.get("marketing")
    if stop is None or stop.withdrawn_at is None or stop.source not in (KEYWORD, EVERYWHERE):
        return "no_stop", "There is no stop word to confirm."
    if now - stop.withdrawn_at > _CONFIRMED_WITHIN:
        return "too_late", "A stop is confirmed within five minutes, or not at all."
    return None
