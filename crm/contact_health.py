"""
Contact health: how well things stand between us and a person, from 0 to 100, in parts that say why.

Each part is 0 to 100 by itself and weighs what the workspace has settled; one of which nothing is known does not count.
Here is the reckoning, which asks nobody; what is asked for it, and when, is the inbox's (inbox/contact_health.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, model_validator

from crm import standing
from crm.standing import Standings

PartName = Literal["contact", "satisfaction", "tickets", "broadcasts", "consent"]
Risk = Literal["low", "medium", "high"]
RISKS: Final[Mapping[Risk, str]] = {"low": "Low", "medium": "Medium", "high": "High"}
# What lies further back than this says nothing about today.
LOOK_BACK: Final = timedelta(days=90)
ANSWERS_COUNT: Final = timedelta(days=180)
# Who wrote within the one is well in touch; after the other nothing of it is left.
_NEAR_DAYS, _FAR_DAYS = 30, 365
_LAST_ANSWERS = 3
_FEWEST_BROADCASTS = 3

Weight = Annotated[int, Field(strict=True, ge=0, le=100)]


class Weights(BaseModel):
    """What each part weighs beside the others; 0 leaves it out."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    contact: Weight = 25
    satisfaction: Weight = 25
    tickets: Weight = 20
    broadcasts: Weight = 15
    consent: Weight = 15


class HealthSettings(BaseModel):
    """Below `high_below` somebody may well leave us (the risk is high), below `medium_below` perhaps."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    enabled: StrictBool = True
    weights: Weights = Weights()
    high_below: Annotated[int, Field(strict=True, ge=0, le=100)] = 40
    medium_below: Annotated[int, Field(strict=True, ge=0, le=100)] = 60

    @model_validator(mode="after")
    def _in_order(self) -> "HealthSettings":
        if self.high_below > self.medium_below:
            raise ValueError("a high risk begins below a medium one")
        if not any(self.weights.model_dump().values()):
            raise ValueError("something has to weigh")
        return self


@dataclass(frozen=True, slots=True)
class Part:
    """One reason: what it comes to from 0 to 100, what it weighs, and words for a person."""

    name: PartName
    value: int
    weight: int
    words: str


@dataclass(frozen=True, slots=True)
class Health:
    """As it was worked out at that time."""

    score: int
    risk: Risk
    parts: tuple[Part, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """To a survey: `score` of `most` is the best there is, `least` the worst."""

    score: int
    least: int
    most: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """
    What is known of one person. Tickets are those that are open (`late` of them missed a promise) and those since
    solved that had missed one; `sent` broadcasts of late, of which they clicked in or answered `engaged`.
    """

    wrote_at: datetime | None = None
    written_to: bool = False
    answers: Sequence[Answer] = ()
    open_tickets: int = 0
    late_tickets: int = 0
    solved_late: int = 0
    had_tickets: bool = False
    sent: int = 0
    engaged: int = 0
    consents: Sequence[Standings] = ()


def judge(facts: Facts, settled: HealthSettings, now: datetime) -> Health | None:
    """None where nothing is known that weighs anything."""
    weights = settled.weights.model_dump()
    found: list[Part] = []
    for name, (value, words) in _values(facts, now).items():
        if weights[name]:
            found.append(Part(name, round(min(100.0, max(0.0, value))), weights[name], words))
    if not found:
        return None
    score = round(sum(part.value * part.weight for part in found) / sum(part.weight for part in found))
    return Health(score, risk_of(score, settled), tuple(found), now)


def risk_of(score: int, settled: HealthSettings) -> Risk:
    if score < settled.high_below:
        return "high"
    return "medium" if score < settled.medium_below else "low"


def alike(one: Health | None, other: Health | None) -> bool:
    """Whether they say the same, in numbers: words that count days change every day."""
    if one is None or other is None:
        return one is other
    values = [[(part.name, part.value, part.weight) for part in each.parts] for each in (one, other)]
    return (one.score, one.risk, values[0]) == (other.score, other.risk, values[1])


def _values(facts: Facts, now: datetime) -> dict[PartName, tuple[float, str]]:
    found: dict[PartName, tuple[float, str]] = {}
    if facts.wrote_at is not None:
        days = max(0, (now - facts.wrote_at).days)
        left = (_FAR_DAYS - days) / (_FAR_DAYS - _NEAR_DAYS)
        found["contact"] = (100 * min(1.0, left), f"Wrote {_ago(days)}")
    elif facts.written_to:
        found["contact"] = (30, "Has never answered us")
    if facts.answers:
        newest = sorted(facts.answers, key=lambda each: each.at)[-_LAST_ANSWERS:]
        shares = [(each.score - each.least) / (each.most - each.least) for each in newest]
        said = ", ".join(f"{each.score} of {each.most}" for each in reversed(newest))
        found["satisfaction"] = (100 * sum(shares) / len(shares), f"Last answers to surveys: {said}")
    if facts.had_tickets:
        value = 100 - 20 * facts.open_tickets - 30 * facts.late_tickets - 15 * facts.solved_late
        found["tickets"] = (value, _of_tickets(facts))
    if facts.sent >= _FEWEST_BROADCASTS:
        share = facts.engaged / facts.sent
        # One in three is as much as can be hoped for.
        words = f"Clicked in or answered {facts.engaged} of {facts.sent} broadcasts in {LOOK_BACK.days} days"
        found["broadcasts"] = (20 + 240 * share, words)
    worst = min((_of_consent(each, now) for each in facts.consents if each), default=None)
    if worst is not None:
        found["consent"] = worst
    return found


def _ago(days: int) -> str:
    return {0: "today", 1: "yesterday"}.get(days, f"{days} days ago")


def _of_tickets(facts: Facts) -> str:
    if facts.open_tickets:
        late = f", {facts.late_tickets} of them late" if facts.late_tickets else ""
        return f"{facts.open_tickets} open {'ticket' if facts.open_tickets == 1 else 'tickets'}{late}"
    return f"{facts.solved_late} solved too late" if facts.solved_late else "All tickets solved in time"


def _of_consent(said: Standings, now: datetime) -> tuple[float, str]:
    states = {purpose: standing.overall(said, purpose, now) for purpose in standing.PURPOSES}
    if "blocked" in states.values():
        return 0, "Has blocked us"
    if states["service"] == "withdrawn":
        return 10, "Has asked us to stop all messages"
    if states["marketing"] == "withdrawn":
        return 40, "Has asked us to stop offers"
    if states["marketing"] == "held":
        return 50, "May have asked us to stop"
    return 100, "Wants offers" if states["marketing"] == "granted" else "Has stopped nothing"
