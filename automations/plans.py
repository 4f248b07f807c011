"""
What a broadcast is to do, as the composer edits it: who gets it, what it says, when it goes, and what is tried out.

Pure values, validated at the edge; `problems` says what is missing before it can go. Nothing here is about one person.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo, available_timezones

from dateutil import rrule
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.core import recurrences
from app.core.errors import FieldError
from channels.content import Content, Template
from channels.contract import ChosenPurpose, Purpose
from inbox.mailings.mailing import USUAL_PRIORITY

MOST_VARIANTS: Final = 8
MOST_WORDINGS: Final = 40
MOST_FALLBACKS: Final = 3
_KEY = re.compile(r"[A-Za-z0-9_]{1,100}")
# What only a customer can send.
_THEIRS = frozenset(("choice", "order", "form_reply", "unsupported"))


class Part(BaseModel):
    """Strict and frozen; an unknown field is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


Id = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_./-]+$")]
Ids = Annotated[tuple[Id, ...], Field(max_length=50)]
Wall = Annotated[
    str, Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])-[0-3]\d[T ][0-2]\d:[0-5]\d$", examples=["2026-12-01T09:00"])
]
# Of what marketing is about; "" is about no topic.
TopicKey = Annotated[str, Field(max_length=40, pattern=r"^[a-z0-9-]*$")]
# How much it is worth, where caps leave room for one of several.
Priority = Annotated[int, Field(ge=0, le=100)]
Percent = Annotated[int, Field(ge=0, le=100)]


# Leap days are up to eight years apart.
FURTHEST: Final = timedelta(days=9 * 366)
_UNTIL = re.compile(r"UNTIL=(\d{8}T\d{6})Z", re.IGNORECASE)


def _sendable(content: Content) -> Content:
    """Without what the server fills in, and with names that can be kept."""
    if content.type in _THEIRS:
        raise ValueError("only a customer can send this")
    if not isinstance(content, Template):
        return content
    given = content.parameters
    sets = [
        given.header,
        given.body,
        given.buttons,
        *(each for card in given.cards for each in (card.body, card.buttons)),
    ]
    names = [name for values in sets for name in values]
    if not all(_KEY.fullmatch(name) for name in names):
        raise ValueError("a template's values are named by letters, digits and _")
    return content.model_copy(update={"preview": None, "components": ()})


class Wording(Part):
    """What it says in one language (`pt`, or `pt-BR`); null is for everybody whose language has no wording."""

    language: Annotated[str | None, Field(min_length=2, max_length=20, pattern=r"^[A-Za-z0-9_-]+$")] = None
    content: Annotated[Content, AfterValidator(_sendable)]


Wordings = Annotated[tuple[Wording, ...], Field(max_length=MOST_WORDINGS)]


class Variant(Part):
    """One of the messages that are tried against each other; with one variant there is no experiment."""

    key: Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{0,9}$")] = "a"
    name: Annotated[str, Field(max_length=100)] = ""
    wordings: Wordings = ()


class Exclusion(Part):
    """Nobody who is in one of these gets it; `broadcasts`: whom those have reached."""

    segments: Ids = ()
    lists: Ids = ()
    broadcasts: Ids = ()
    rule: dict[str, Any] | None = None


class Audience(Part):
    """
    Everybody who is in any of these, once. `everyone` is all contacts; `contacts` are single people; `broadcasts` are
    those whom these have reached (a correction goes to exactly them).
    """

    everyone: bool = False
    segments: Ids = ()
    lists: Ids = ()
    broadcasts: Ids = ()
    contacts: Annotated[tuple[Id, ...], Field(max_length=1_000)] = ()
    rule: dict[str, Any] | None = None
    exclude: Exclusion = Exclusion()

    @property
    def empty(self) -> bool:
        return not (self.everyone or self.segments or self.lists or self.broadcasts or self.contacts or self.rule)


class Experiment(Part):
    """
    Which variant does better is tried on `sample_percent` of the people, for `wait_minutes`; the rest get the winner.
    With 100 percent there is no rest. `if_none`: where no variant is surely better the rest get the `first` one, the
    `best` so far, or nobody gets anything until somebody has decided (`ask`).
    """

    sample_percent: Annotated[int, Field(ge=1, le=100)] = 20
    metric: Literal["delivered", "read", "clicked", "replied"] = "clicked"
    wait_minutes: Annotated[int, Field(ge=1, le=30 * 24 * 60)] = 240
    confidence: Annotated[int, Field(ge=50, le=99)] = 95
    if_none: Literal["first", "best", "ask"] = "first"


class Trial(Part):
    """
    Some get it first: a number of `people`, or `percent` of all (one of the two). After `wait_minutes` it stops and
    asks, or goes on by itself, if not more than `failure_percent` failed and `opt_out_percent` asked to stop.
    """

    people: Annotated[int | None, Field(ge=1, le=100_000)] = None
    percent: Annotated[int | None, Field(ge=1, le=50)] = None
    wait_minutes: Annotated[int, Field(ge=0, le=7 * 24 * 60)] = 30
    then: Literal["ask", "go_on"] = "ask"
    failure_percent: Percent = 10
    opt_out_percent: Percent = 2


class Fallback(Part):
    """To whom it has not been delivered so long after it was sent, it is sent from this account too: as one message."""

    account_id: Id
    after_minutes: Annotated[int, Field(ge=5, le=7 * 24 * 60)] = 120
    wordings: Wordings = ()


class Relative(Part):
    """
    On the day that a date of the contact's own says, or so many `days` after it (before it, if negative); `yearly` on
    every anniversary.
    """

    field: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    days: Annotated[int, Field(ge=-365, le=365)] = 0
    yearly: bool = True


class Schedule(Part):
    """
    `now`: when it is started. `at`: when clocks in `zone` show `wall`. `local`: when those where the person is do.
    `best`: within a day of `wall`, at the hour at which this person has mostly been there; who has no history, at that
    of `wall`. `repeat` is an RRULE that begins at `wall`; with `relative` it goes every day to those whose day it is.
    """

    kind: Literal["now", "at", "local", "best"] = "now"
    wall: Wall | None = None
    zone: Annotated[str, Field(min_length=1, max_length=60)] = "UTC"
    repeat: Annotated[str | None, Field(min_length=5, max_length=300)] = None
    relative: Relative | None = None

    @property
    def recurring(self) -> bool:
        return self.repeat is not None or self.relative is not None


class Goal(Part):
    """What the people are hoped to do within so many days; it is counted for those in the holdout group as well."""

    event: Annotated[str, Field(min_length=1, max_length=100)]
    days: Annotated[int, Field(ge=1, le=90)] = 7


class Guards(Part):
    """It pauses by itself when more than this share of what was sent fails or ends in a stop or a block."""

    after: Annotated[int, Field(ge=1, le=100_000)] = 200
    failure_percent: Annotated[int | None, Field(ge=1, le=100)] = 20
    opt_out_percent: Annotated[int | None, Field(ge=1, le=100)] = 3
    block_percent: Annotated[int | None, Field(ge=1, le=100)] = 2
    quality: bool = True


class Plan(Part):
    """
    All that the composer edits. `topic` is one of the workspace's, "" for none: who declined it does not get it.
    `asks`: it asks whether they still want offers, and their yes to it is a new agreement.
    `track_clicks`: whether its addresses become short links that count who opens them; null: where it is marketing.
    `editors` and `approvers` are members; with none, whoever has the permission may. `budget_minor` is in hundredths
    of the currency of the sender's price list; what it does not cover is not sent. `priority`: of two that want the
    room which caps leave to a person, the one with more of it goes.
    """

    name: Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
    description: Annotated[str, Field(max_length=2_000)] = ""
    purpose: ChosenPurpose = Purpose.MARKETING
    topic: TopicKey = ""
    asks: bool = False
    account_id: Id | None = None
    variants: Annotated[tuple[Variant, ...], Field(min_length=1, max_length=MOST_VARIANTS)] = (Variant(),)
    audience: Audience = Audience()
    holdout_percent: Annotated[int, Field(ge=0, le=50)] = 0
    experiment: Experiment | None = None
    trial: Trial | None = None
    fallbacks: Annotated[tuple[Fallback, ...], Field(max_length=MOST_FALLBACKS)] = ()
    schedule: Schedule = Schedule()
    goal: Goal | None = None
    guards: Guards = Guards()
    track_clicks: bool | None = None
    budget_minor: Annotated[int | None, Field(ge=1, le=2**40)] = None
    priority: Priority = USUAL_PRIORITY
    rate: Annotated[float | None, Field(gt=0, le=10_000)] = None
    ramp: Annotated[tuple[Annotated[int, Field(ge=1, le=10_000_000)], ...], Field(max_length=30)] = ()
    editors: Ids = ()
    approvers: Ids = ()

    @property
    def tracks(self) -> bool:
        """Whether clicks are counted: as said, else of marketing alone."""
        return self.purpose is Purpose.MARKETING if self.track_clicks is None else self.track_clicks

    def variant(self, key: str) -> Variant:
        return next((each for each in self.variants if each.key == key), self.variants[0])


def wording_for(wordings: Iterable[Wording], language: str | None) -> Wording | None:
    """
    By the person's language: exactly it (`pt-BR`), the language alone (`pt`), another region's, and else the one for
    everybody; a single wording is for everybody, whatever its language.
    """
    known = list(wordings)
    if len(known) == 1:
        return known[0]
    plain = (language or "").replace("_", "-").lower()
    said = {(each.language or "").replace("_", "-").lower(): each for each in reversed(known)}
    wanted = plain.partition("-")[0]
    if plain and plain in said:
        return said[plain]
    if wanted and wanted in said:
        return said[wanted]
    region = next((each for name, each in said.items() if wanted and name.partition("-")[0] == wanted), None)
    return region or said.get("")


def problems(plan: Plan) -> list[FieldError]:
    """What has to be filled in or put right before it can go, each at its field."""
    found: list[FieldError] = []
    if plan.account_id is None:
        found.append(FieldError("account_id", "Choose from which number, sender or bot it goes."))
    if plan.purpose is Purpose.SERVICE:
        # It would need nobody's agreement.
        words = "Service messages answer somebody; to many at once it is marketing, or a notice (transactional)."
        found.append(FieldError("purpose", words))
    if plan.audience.empty:
        found.append(FieldError("audience", "Choose who gets it."))
    keys = [each.key for each in plan.variants]
    if len(set(keys)) < len(keys):
        found.append(FieldError("variants", "Two variants have the same key."))
    for at, variant in enumerate(plan.variants):
        found += _of_wordings(variant.wordings, f"variants.{at}.wordings")
    for at, fallback in enumerate(plan.fallbacks):
        found += _of_wordings(fallback.wordings, f"fallbacks.{at}.wordings")
    if plan.experiment is not None and len(plan.variants) < 2:
        found.append(FieldError("experiment", "There is nothing to compare: write a second variant."))
    if plan.experiment is not None and plan.experiment.metric == "clicked" and not plan.tracks:
        found.append(FieldError("experiment", "Clicks are not counted: switch that on, or let something else decide."))
    if plan.trial is not None and (plan.trial.people is None) == (plan.trial.percent is None):
        found.append(FieldError("trial", "Say how many people get it first, or how many percent of all."))
    return found + of_schedule(plan.schedule)


def _of_wordings(wordings: tuple[Wording, ...], at: str) -> list[FieldError]:
    if not wordings:
        return [FieldError(at, "Write the message.")]
    languages = [(each.language or "").replace("_", "-").lower() for each in wordings]
    if len(set(languages)) < len(languages):
        return [FieldError(at, "There are two wordings for one language.")]
    if len(wordings) > 1 and "" not in languages:
        return [FieldError(at, "Say which wording is for people of any other language.")]
    return []


def of_schedule(schedule: Schedule) -> list[FieldError]:
    """The same of its schedule, which is what it says only without any."""
    found: list[FieldError] = []
    timed = schedule.kind != "now" or schedule.recurring
    if timed and schedule.wall is None:
        found.append(FieldError("schedule.wall", "Choose a day and a time."))
    if schedule.wall is not None and _read_wall(schedule.wall) is None:
        found.append(FieldError("schedule.wall", "There is no such day or time."))
    if schedule.zone not in _zones():
        found.append(FieldError("schedule.zone", "Choose a time zone such as Africa/Accra."))
    if schedule.repeat is not None:
        problem = wrong_with(schedule.repeat, schedule.wall)
        if problem:
            found.append(FieldError("schedule.repeat", problem))
    if schedule.repeat is not None and schedule.relative is not None:
        found.append(FieldError("schedule", "It either repeats or goes on a date of the contact's own."))
    return found


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _read_wall(wall: str) -> datetime | None:
    try:
        return datetime.fromisoformat(wall)
    except ValueError:
        return None


def recurrence(text: str, begin: datetime, zone: str) -> rrule.rrule:
    """
    The rule on wall clocks; an end in UTC, as calendars write it, is what the clocks of this zone show then. Raises
    ValueError and what else dateutil raises.
    """

    def shown(found: re.Match[str]) -> str:
        at = datetime.strptime(found[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        return f"UNTIL={at.astimezone(ZoneInfo(zone)):%Y%m%dT%H%M%S}"

    return rrule.rrulestr(_UNTIL.sub(shown, text), dtstart=begin)


def wrong_with(text: str, wall: str | None) -> str | None:
    """Why a rule of repetition cannot be one, or not one that begins on this wall's day, in words."""
    if re.search(r"FREQ=(SECONDLY|MINUTELY|HOURLY)", text, re.IGNORECASE) or not re.search(r"FREQ=", text):
        return "It can repeat daily, weekly, monthly or yearly, such as FREQ=WEEKLY;BYDAY=TU."
    if re.search(r"BY(HOUR|MINUTE|SECOND)=|DTSTART|\n", text, re.IGNORECASE):
        return "The time of the day is that of the first send; leave it out of the rule."
    if re.search(r"INTERVAL=(?!0*[1-9]\d{0,3}(;|$))", text, re.IGNORECASE):
        # It would be reckoned for ever.
        return "It repeats every so many times: write INTERVAL=2, or leave it out."
    begin = (_read_wall(wall) if wall else None) or datetime(2026, 1, 1)
    try:
        comes = recurrences.comes(recurrence(text, begin, "UTC"), begin + FURTHEST)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError):
        return "This rule cannot be read; write one such as FREQ=MONTHLY;BYMONTHDAY=1."
    return None if comes else "No day within nine years fits this rule; change its days, or the first one."
