"""
Pacing: when and how often marketing may reach a person, who is left out of it, and the switch that stops all of it.

What a workspace has settled is one row, kept in memory for a second: the gate asks it for every marketing message, and
a stop reaches every process within that second.
"""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, model_validator

from app.core import calendars, days
from app.core.addresses import Address
from app.core.calendars import Calendar, Hours, Span
from app.core.errors import Invalid
from app.core.kept import Kept
from app.core.runtime import Workspace
from crm import places, wishes
from crm.standing import Standings
from crm.store import pacing as store

# Settings are read again after so long; another process may have changed them, or stopped everything.
KEPT_SECONDS: Final = 1.0
MARKETING: Final = "marketing"
_ON_THE_QUARTER = 15
# What was sent is remembered for the longest period of a cap, and a day more.
MOST_DAYS: Final = 90
_MOST_SENT = 400
# As long as handing one message over may take, and noting what came of it.
_TURN_SECONDS: Final = 40
# From so many people on it is worth a look whether the list of those left out is empty.
_MANY = 20


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


Minute = Annotated[int, Field(strict=True, ge=0, le=1440, multiple_of=_ON_THE_QUARTER)]


class Open(Part):
    """Minutes after midnight, where the person is, between which marketing may reach them; equal is never."""

    start: Minute = 9 * 60
    end: Minute = 20 * 60

    @model_validator(mode="after")
    def _in_order(self) -> "Open":
        if self.start > self.end:
            raise ValueError("a day's hours end after they begin")
        return self


class QuietHours(Part):
    """
    `week` begins with Monday. `presets` narrows it to what the person's country wants. `zone` is for people of whom no
    clock is known. Who has to wait is spread over some minutes after the opening; what would have to wait longer than
    `give_up_hours` is not sent.
    """

    enabled: StrictBool = True
    week: Annotated[tuple[Open, ...], Field(min_length=7, max_length=7)] = (Open(),) * 7
    presets: StrictBool = True
    zone: Annotated[str, Field(max_length=60)] = "UTC"
    spread_minutes: Annotated[int, Field(strict=True, ge=0, le=120)] = 15
    give_up_hours: Annotated[int, Field(strict=True, ge=1, le=168)] = 48


class Cap(Part):
    """At most so many in so many days, on one channel or all. Days are the person's own; `rolling` counts hours."""

    most: Annotated[int, Field(strict=True, ge=1, le=1_000)] = 1
    days: Annotated[int, Field(strict=True, ge=1, le=MOST_DAYS)] = 1
    channel: Annotated[str | None, Field(max_length=40)] = None
    rolling: StrictBool = False


class Topic(Part):
    """What marketing can be about, as people choose; `labels` are by language, and `key` is never given to another."""

    key: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")]
    labels: Annotated[
        dict[Annotated[str, Field(pattern=r"^[a-z]{2}$")], Annotated[str, Field(min_length=1, max_length=80)]],
        Field(min_length=1, max_length=30),
    ]

    def label(self, language: str) -> str:
        return self.labels.get(language) or self.labels.get("en") or next(iter(self.labels.values()))


class Footer(Part):
    """
    The line below an advertisement that says how it ends, on these `channels`: once in `every_days` for each person (0:
    in each message), and in every message where their country wants that (`countries`). `words` of one's own are by
    language and say STOP, or {link} for the preference page.
    """

    channels: Annotated[tuple[Annotated[str, Field(max_length=40)], ...], Field(max_length=20)] = ("sms",)
    every_days: Annotated[int, Field(strict=True, ge=0, le=MOST_DAYS)] = 30
    countries: StrictBool = True
    words: Annotated[
        dict[
            Annotated[str, Field(pattern=r"^[a-z]{2}$")],
            Annotated[str, Field(min_length=4, max_length=160, pattern=r"\bSTOP\b|\{link\}")],
        ],
        Field(max_length=30),
    ] = {}


class Stopped(Part):
    at: datetime
    by: Annotated[str, Field(max_length=200)]
    reason: Annotated[str, Field(max_length=500)] = ""


class Pacing(Part):
    """
    `stages` are lifecycle stages that get no marketing; `open_ticket`: nobody does whose complaint is open.
    `control_percent` of all people get none at all, so that its effect can be measured against them.
    """

    quiet: QuietHours = QuietHours()
    caps: Annotated[tuple[Cap, ...], Field(max_length=20)] = (Cap(), Cap(most=8, days=30, rolling=True))
    stages: Annotated[tuple[Annotated[str, Field(max_length=60)], ...], Field(max_length=50)] = ()
    open_ticket: StrictBool = True
    control_percent: Annotated[int, Field(strict=True, ge=0, le=50)] = 0
    # What is asked of a person who may have asked us to stop in their own words; empty asks nobody but colleagues.
    hold_question: Annotated[str, Field(max_length=500)] = wishes.QUESTIONS["en"]
    # What is answered to HELP where the provider does not; {business} is its name. Empty answers nothing.
    help_answer: Annotated[str, Field(max_length=500)] = (
        "{business}: write to us here and a person answers. Reply STOP to end messages."
    )
    topics: Annotated[tuple[Topic, ...], Field(max_length=20)] = ()
    footer: Footer = Footer()
    # So long an agreement to marketing holds that has no end of its own; 0: until it is ended.
    consent_days: Annotated[int, Field(strict=True, ge=0, le=3_650)] = 0
    # Who writes from a number after such a silence may be somebody else (see doubts.py); 0: that is never asked.
    silence_months: Annotated[int, Field(strict=True, ge=0, le=120)] = 12


@dataclass(frozen=True, slots=True)
class Settled:
    """`pepper` is what handles of people who were erased are hashed with; None while nobody was."""

    pacing: Pacing
    stopped: Stopped | None
    pepper: bytes | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A marketing message that is to reach a person at `at`, and is worth more (0-100) than the one asked about."""

    name: str
    priority: int
    at: datetime
    channel: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A marketing message that was handed over, for the caps; its parts are one. `footer`: it said how it ends."""

    message: str
    at: datetime
    channel: str
    footer: bool = False


# --- settings -----------------------------------------------------------------------------------------------------


async def _stored(ws: Workspace) -> Settled:
    return await store.get(ws)


async def _any_stored(ws: Workspace) -> bool:
    return await store.any_suppressed(ws)


# By a clock that never steps back: whatever happens to the time of the day, the switch is in force within a second.
_settled = Kept(_stored, KEPT_SECONDS)
_any_listed = Kept(_any_stored, KEPT_SECONDS)


async def settled(ws: Workspace) -> Settled:
    """From memory where it was read a second ago."""
    return await _settled.of(ws)


async def save(ws: Workspace, pacing: Pacing) -> None:
    await store.save(ws, pacing)
    _settled.forget(ws)


async def stop(ws: Workspace, stopped: Stopped | None) -> None:
    """Stops all marketing of the workspace, or lets it go on. In force everywhere within a second."""
    await store.stop(ws, stopped)
    _settled.forget(ws)


async def require_topic(ws: Workspace, key: str) -> None:
    """Marketing is about nothing ("") or about a topic that there is. Raises Invalid, naming the field."""
    if key and not any(topic.key == key for topic in (await settled(ws)).pacing.topics):
        raise Invalid.field("topic", "There is no such topic (any more); choose another one.")


# --- quiet hours --------------------------------------------------------------------------------------------------

_DEFAULT = Open()
_NEVER = Open(start=0, end=0)


@dataclass(frozen=True, slots=True)
class Preset:
    """What a country wants: hours by weekday, none on its holidays, and where that is written."""

    week: tuple[Open, ...]
    holidays: bool
    source: str


PRESETS: Final[Mapping[str, Preset]] = {
    # The narrowest that holds in nearly all states; Sundays from noon (Texas).
    "US": Preset((_DEFAULT,) * 6 + (Open(start=12 * 60),), False, "47 CFR 64.1200(c)(1), state laws"),
    "FR": Preset((Open(start=8 * 60),) * 6 + (_NEVER,), True, "carriers' rules on advertising by text message"),
    "ZA": Preset((Open(start=8 * 60),) * 5 + (Open(end=13 * 60), _NEVER), True, "Consumer Protection Act, regulations"),
}


def where(address: Address, zone: str | None, fallback: str, at: datetime) -> tuple[str | None, tuple[str, ...]]:
    """
    The person's country and the zones whose clocks may be theirs. Where a known zone and the number disagree, both
    count: people move, and keep their numbers.
    """
    place = places.place_of(address, at)
    if place is None:
        return None, (zone or fallback,)
    if not place.sure:
        return place.region, (zone,) if zone else place.between or (place.zone,)
    return place.region, tuple(dict.fromkeys((zone or place.zone, place.zone)))


@lru_cache(maxsize=4_096)
def _calendars(quiet: QuietHours, country: str | None, zones: tuple[str, ...]) -> tuple[Calendar, ...]:
    preset = PRESETS.get(country or "") if quiet.presets else None
    week = tuple(_hours(own, preset.week[day] if preset else own) for day, own in enumerate(quiet.week))
    closed = country if preset and preset.holidays else None
    return tuple(Calendar(id=zone, name="Marketing", zone=zone, week=week, country=closed) for zone in zones)


def _hours(own: Open, wanted: Open) -> Hours:
    start, end = max(own.start, wanted.start), min(own.end, wanted.end)
    return (Span(start, end),) if start < end else ()


def opening(quiet: QuietHours, country: str | None, zones: tuple[str, ...], at: datetime) -> datetime | None:
    """The earliest moment from `at` on at which all these clocks allow it; None if there is none within weeks."""
    found = _calendars(quiet, country, zones)
    begin, last = at, at + timedelta(days=31)
    while begin < last:
        later = begin
        for calendar in found:
            opens = calendars.next_open(calendar, later)
            if opens is None:
                return None
            later = opens
        if later == begin:
            return begin
        begin = later
    return None


def closing(quiet: QuietHours, country: str | None, zones: tuple[str, ...], at: datetime) -> datetime | None:
    """When the first of these clocks allows it no more; None if none of them ever does."""
    ends = [calendars.closes_at(calendar, at) for calendar in _calendars(quiet, country, zones)]
    return min(filter(None, ends), default=None)


def spread(quiet: QuietHours, country: str | None, zones: tuple[str, ...], opens: datetime, key: str) -> datetime:
    """Some minutes after the opening, always the same for one message, so that not everybody is written to at once."""
    seconds = int.from_bytes(hashlib.blake2b(key.encode(), digest_size=4).digest()) % (quiet.spread_minutes * 60 + 1)
    later = opens + timedelta(seconds=seconds)
    return later if opening(quiet, country, zones, later) == later else opens


# --- caps and the control group -----------------------------------------------------------------------------------


def wished(known: Standings) -> tuple[Cap, ...]:
    """What the person wants no more than, in any channel."""
    days = max((each.every_days or 0 for name, each in known.items() if name.startswith(MARKETING)), default=0)
    return (Cap(most=1, days=min(days, MOST_DAYS), rolling=True),) if days else ()


def capped(caps: Sequence[Cap], sent: Sequence[Sent], channel: str, zone: str, now: datetime) -> str | None:
    """Why one more would be too many, for a person to read; None if it would not."""
    full = _full(caps, sent, channel, zone, now)
    if full is None:
        return None
    cap, had = full
    on = f" on {cap.channel}" if cap.channel else ""
    return f"They have had {had} marketing messages{on}; {_allowed(cap)}."


def outranked(
    caps: Sequence[Cap], sent: Sequence[Sent], claims: Sequence[Claim], channel: str, zone: str, at: datetime
) -> str | None:
    """
    Why a message that would go at `at` has to leave its room to one that is worth more, for a person to read; None if
    there is room for both. The most valuable claim comes first, and one takes room only where caps will let it go.
    """
    mine = Sent("", at, channel)
    planned: list[Sent] = []
    if _crowded(caps, sent, [mine], zone):
        return None
    for claim in sorted(claims, key=lambda each: (-each.priority, each.at, each.name)):
        theirs = Sent("", claim.at, claim.channel)
        if _crowded(caps, sent, [*planned, theirs], zone):
            continue
        planned.append(theirs)
        cap = _crowded(caps, sent, [*planned, mine], zone)
        if cap is not None:
            worth = f"“{claim.name}” has precedence (priority {claim.priority})"
            return f"{worth}: it is to reach them on {claim.at:%Y-%m-%d}, and {_allowed(cap)}."
    return None


def _crowded(caps: Sequence[Cap], sent: Sequence[Sent], planned: Sequence[Sent], zone: str) -> Cap | None:
    """The cap that would stop one of those planned when its time comes; None if all of them can go."""
    for at, each in enumerate(planned):
        others = (*sent, *planned[:at], *planned[at + 1 :])
        full = _full(caps, [other for other in others if other.at <= each.at], each.channel, zone, each.at)
        if full is not None:
            return full[0]
    return None


def _full(caps: Sequence[Cap], sent: Sequence[Sent], channel: str, zone: str, now: datetime) -> tuple[Cap, int] | None:
    """The first cap that lets no more through, and how many it has counted."""
    for cap in caps:
        if cap.channel not in (None, channel):
            continue
        since = now - timedelta(days=cap.days) if cap.rolling else _days_back(zone, now, cap.days)
        had = sum(1 for each in sent if each.at > since and cap.channel in (None, each.channel))
        if had >= cap.most:
            return cap, had
    return None


def _allowed(cap: Cap) -> str:
    return f"at most {cap.most} {'a day' if cap.days == 1 else f'in {cap.days} days'} may reach a person"


def _days_back(zone: str, now: datetime, count: int) -> datetime:
    """Just before the person's day began, that many days counted with today."""
    today = days.of(zone, now)
    return days.begins(zone, today - timedelta(days=count - 1)) - timedelta(microseconds=1)


async def sent_to_each(ws: Workspace, people: Sequence[Sequence[str]]) -> list[list[Sent]]:
    """Marketing handed over to each of these people: a contact and those merged into it."""
    found = await store.sent_to(ws, [contact_id for person in people for contact_id in person])
    return [
        sorted((sent for contact_id in person for sent in found.get(contact_id, ())), key=lambda sent: sent.at)
        for person in people
    ]


async def last_messages(ws: Workspace, contact_ids: Sequence[str]) -> list[str]:
    """What was handed over last to each of these, by what it is called."""
    found = await store.sent_to(ws, contact_ids)
    return [max(sent, key=lambda each: each.at).message for sent in found.values() if sent]


async def note(ws: Workspace, contact_id: str, sent: Sent) -> None:
    """It is about to be handed over. Whoever calls holds the contact's outbox, so nobody else writes this row."""
    await note_many(ws, {contact_id: sent})


async def note_many(ws: Workspace, sent: Mapping[str, Sent]) -> None:
    """The same for many contacts, in two commands."""
    known = await store.sent_to(ws, list(sent))
    wanted: dict[str, list[Sent]] = {}
    for contact_id, new in sent.items():
        oldest = new.at - timedelta(days=MOST_DAYS + 1)
        before = (each for each in known.get(contact_id, ()) if each.message != new.message and each.at > oldest)
        wanted[contact_id] = [*before, new][-_MOST_SENT:]
    await store.save_sent(ws, wanted, wanted.keys() - known.keys())


async def others_turn(ws: Workspace, messages: Mapping[str, str]) -> set[str]:
    """
    Of these people (with the message that each is to get now) those to whom another one is just being handed over: no
    cap counts it yet. It is to be asked again in a moment. Of the others it is this message's turn for some seconds.
    """
    async with ws.redis.pipeline(transaction=False) as pipe:
        for contact_id, message in messages.items():
            pipe.set(f"parley:turn:{ws.id}:{contact_id}", message, nx=True, get=True, ex=_TURN_SECONDS)
        before = await pipe.execute()
    found = zip(messages.items(), before, strict=True)
    return {contact_id for (contact_id, message), other in found if other not in (None, message, message.encode())}


async def forget(ws: Workspace, contact_id: str, message: str) -> None:
    """It did not reach them after all."""
    known = (await store.sent_to(ws, [contact_id])).get(contact_id, [])
    await store.save_sent(ws, {contact_id: [each for each in known if each.message != message]})


def in_control(percent: int, workspace_id: str, contact_id: str) -> bool:
    """Whether a person belongs to the group that gets no marketing; the same as long as the share is the same."""
    digest = hashlib.blake2b(f"{workspace_id}/{contact_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) % 100 < percent


# --- suppression --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """A handle, or a contact, that gets no marketing; why, and who said so."""

    id: str
    key: str
    label: str
    reason: str
    at: datetime
    by: str
    kind: Literal["address", "contact"]


async def suppressed_among(ws: Workspace, people: Sequence[tuple[Address, Sequence[str]]]) -> list[Suppression | None]:
    """Of each of these people (a handle, a contact and those merged into it) why they are left out."""
    known = await settled(ws)
    keys = [suppression_keys(known, address, contact_ids) for address, contact_ids in people]
    if len(keys) >= _MANY and not await _any_suppressed(ws):
        return [None] * len(keys)
    found = await store.suppressed(ws, [key for person in keys for key in person])
    return [next((found[key] for key in person if key in found), None) for person in keys]


async def _any_suppressed(ws: Workspace) -> bool:
    """Whether anybody is on the list at all, as of a second ago."""
    return await _any_listed.of(ws)


def suppression_keys(known: Settled, address: Address, contact_ids: Sequence[str]) -> tuple[str, ...]:
    """Under which somebody may be on the list: by handle, also by that of a person who was erased, and by contact."""
    hashed = (mark(known.pepper, address),) if known.pepper else ()
    return (str(address), *hashed, *contact_ids)


def mark(pepper: bytes, address: Address) -> str:
    """What stays of the handle of somebody who was erased: the same for the same handle, and no way back from it."""
    digest = hashlib.blake2b(address.value.encode(), key=pepper, digest_size=16, person=b"erased").hexdigest()
    return f"{address.kind}:#{digest}"


async def pepper(ws: Workspace) -> bytes:
    """Made when the first person is erased, and kept for ever: what was hashed with it has to be found again."""
    made = await store.pepper(ws, secrets.token_bytes(32))
    _settled.forget(ws)
    return made


async def readmit(ws: Workspace, addresses: Sequence[Address]) -> None:
    """Somebody who was erased has agreed anew themselves: what was kept against their handles has done its duty."""
    if (key := (await settled(ws)).pepper) is not None:
        for address in addresses:
            await store.unsuppress(ws, mark(key, address))
