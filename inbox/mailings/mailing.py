"""What there is: a mailing, its batches of people, and how far each person's message got."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from channels.content import Content
from channels.contract import Purpose
from inbox.timeline import Author

MOST_IN_BATCH: Final = 100
# Of 0 to 100: where caps leave room for one of two, the more valuable one goes.
USUAL_PRIORITY: Final = 50
# Variant → language → content; "" is the only one, or the one for everybody else.
Contents = Mapping[str, Mapping[str, Content]]
State = Literal["paused", "running", "cancelled", "done"]
# Why a mailing does not run, beside what people and guards say.
NOT_STARTED: Final = "not_started"

# How far one person's message got.
Stand = Literal[
    "queued", "waiting", "sending", "sent", "delivered", "read", "failed", "skipped", "unknown", "cancelled"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Guards:
    """
    When a mailing stops by itself: shares in percent of what was handed over, judged from `after` messages on; None
    never. `quality`: when the provider rates the sender or the template low, or takes the template out of service.
    """

    after: int = 200
    failure_percent: int | None = 20
    opt_out_percent: int | None = 3
    block_percent: int | None = 2
    quality: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMailing:
    """
    What is to be sent. The same `source` (its kind, its id) always gives the same mailing. `rate` is messages a second
    (None: what the sender may), `ramp` the most a day, day by day from the first on, after which there is no limit.
    `budget_minor` is in the minor unit of the workspace's currency: nothing is handed over that would exceed it; what
    the mailings of `one_budget` (ids) cost is in it, too. `followed`: who is not reached gets it another way
    (following.py). `corrects` are mailings (by code) that this one puts right: it is no message more than they were.
    """

    source: tuple[str, str]
    name: str
    purpose: Purpose
    # What marketing is about, of the workspace's topics.
    topic: str = ""
    # Whether its addresses go out as short ones, which count who opens them.
    tracks: bool = True
    # Whether it asks people to agree (again): their yes to it counts.
    asks: bool = False
    priority: int = USUAL_PRIORITY
    contents: Contents
    author: Author
    rate: float | None = None
    ramp: tuple[int, ...] = ()
    budget_minor: int | None = None
    one_budget: tuple[str, ...] = ()
    followed: bool = False
    corrects: tuple[str, ...] = ()
    guards: Guards = Guards()


def code_of(mailing_id: str) -> str:
    return mailing_id.removeprefix("mlg_")


def begins(codes: Iterable[str]) -> tuple[str, ...]:
    """How the names of these mailings' messages begin."""
    return tuple(f"{code}." for code in codes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """Of what was handed over how many have failed, asked to stop, and blocked us."""

    over: int = 0
    failed: int = 0
    opted_out: int = 0
    blocked: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailing(NewMailing):
    """
    `reason` says why it is in its state, `by` who put it there. `batches` is how many there are once its audience is
    complete (None before), `accounts` are the senders that its batches name.
    """

    id: str
    state: State
    reason: str
    by: str
    created_at: datetime
    changed_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    batches: int | None = None
    accounts: tuple[str, ...] = ()
    # The price of the dearest of its messages.
    dearest_minor: int = 0
    # What somebody has seen who let it go on all the same: guards count from there.
    seen: Handed = Handed()

    @property
    def code(self) -> str:
        """Short, and unique in the installation."""
        return code_of(self.id)

    @property
    def corrected(self) -> tuple[str, ...]:
        """How the names of the messages begin that this one puts right."""
        return begins(self.corrects)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """`facts` are values of this mailing alone, such as a coupon; the contact's own are read when it goes."""

    contact_id: str
    address: str
    price_minor: int = 0
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """
    1 to 100 people alike in sender, variant, language and time. `seq` counts from 0 over the mailing's stream, which
    always is in the same order: built again after a crash it gives the same batches.
    """

    seq: int
    recipients: tuple[Recipient, ...]
    account_id: str
    variant: str = ""
    language: str = ""
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Added:
    """What the gate made of batches that were added; `skipped` by code."""

    queued: int
    skipped: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How far it got with one person, and why no further. `ref` names the message to providers and links."""

    ref: str
    contact_id: str
    address: str
    account_id: str
    variant: str
    language: str
    state: Stand
    code: str | None = None
    reason: str | None = None
    times: Mapping[str, datetime] = field(default_factory=dict)
    due_at: datetime | None = None
    clicked_at: datetime | None = None
    replied_at: datetime | None = None
    opted_out_at: datetime | None = None
    price_minor: int = 0
    entry_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many people are where; `sent`, `delivered` and `read` each hold those that got further."""

    total: int = 0
    queued: int = 0
    waiting: int = 0
    sending: int = 0
    sent: int = 0
    delivered: int = 0
    read: int = 0
    clicked: int = 0
    replied: int = 0
    opted_out: int = 0
    unknown: int = 0
    cancelled: int = 0
    failed: Mapping[str, int] = field(default_factory=dict)
    skipped: Mapping[str, int] = field(default_factory=dict)
    cost_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress(Tally):
    """
    `rate` is messages a second of late; `at` is when it was counted. `held_until`: the provider lets us write to nobody
    new before then.
    """

    state: State
    reason: str
    rate: float
    eta: datetime | None
    held_until: datetime | None
    by_variant: Mapping[str, Tally]
    at: datetime


@dataclass(frozen=True, slots=True)
class Ref:
    """Whose message it is: the mailing's code, the batch, the place in it."""

    code: str
    seq: int
    place: int

    def __str__(self) -> str:
        return f"{self.code}.{self.seq}.{self.place}"

    @property
    def batch_id(self) -> str:
        return f"{self.code}.{self.seq}"

    @classmethod
    def parse(cls, text: str | None) -> "Ref | None":
        """None for what names no message of a mailing."""
        parts = (text or "").split(".")
        if len(parts) != 3 or not (parts[0].isalnum() and parts[1].isdigit() and parts[2].isdigit()):
            return None
        return cls(parts[0], int(parts[1]), int(parts[2]))
