"""
Data health: what is missing, doubtful or contradictory in what is known of contacts, each with its count and names.

Contacts are kept in buckets, by the first characters of their ids (which are hashes), and what was found is a row for
each bucket: how many have each finding, and some of them by name. So a change concerns one bucket, names are read from
the few buckets that have any, and there are 256 rows, or 4,096 where there are many contacts. The looking itself is a
job (see data_health_look.py); names are judged anew as they are read, so nobody is shown who has been put right since.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil
from typing import Final, Literal, get_args

from app.core.platform import members as member_rows
from app.core.runtime import Workspace
from crm import contacts, fields, standing
from crm.contacts import Contact, ContactAddress
from crm.fields import Fields
from crm.store import contacts as contact_store
from crm.store import data_health as store

FindingId = Literal[
    "duplicate",
    "no_phone",
    "no_name",
    "no_consent",
    "import_unproved",
    "undeliverable",
    "no_owner",
    "owner_gone",
    "stage_unfilled",
    "customer_alone",
    "no_language",
    "no_zone",
    "zone_unsure",
]
# What one can do about all of them at once; who they are can always be put on a list, or tagged.
Fix = Literal["owner", "language", "zone", "zone_from_number", "stage", "list", "duplicates"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`points` are what is taken off the score if everybody has it, in proportion where some have."""

    id: FindingId
    label: str
    meaning: str
    points: int
    fixes: tuple[Fix, ...]


FINDINGS: Final[Sequence[Finding]] = (
    Finding(
        "duplicate",
        "Perhaps here twice",
        "Somebody else among your contacts shares a number, an e-mail address, an id or nearly a name with them, and "
        "nobody has decided whether that is one person.",
        15,
        ("duplicates",),
    ),
    Finding(
        "no_phone",
        "No phone number",
        "None of their handles is a phone number, so neither WhatsApp nor SMS can be begun by you.",
        10,
        ("list",),
    ),
    Finding(
        "no_name",
        "No name",
        "Nobody has told their name: they are shown by their number or another handle.",
        10,
        ("list",),
    ),
    Finding(
        "no_consent",
        "Never asked about marketing",
        "They can be written to, did not come by an import, and have said neither yes nor no to marketing on any "
        "channel: no broadcast reaches them.",
        10,
        ("list",),
    ),
    Finding(
        "import_unproved",
        "Imported without evidence",
        "They came by an import that told no agreement to marketing (where, to which words and when), and have said "
        "nothing themselves since.",
        10,
        ("list",),
    ),
    Finding(
        "undeliverable",
        "Handle cannot be reached",
        "The person has blocked you at one of their handles, or the provider said that there is nobody at it and they "
        "have not written from it since.",
        5,
        ("list",),
    ),
    Finding("no_owner", "No owner", "No colleague is named as the one who looks after them.", 10, ("owner",)),
    Finding(
        "owner_gone",
        "Owner has left",
        "The colleague who looks after them does not work here any more.",
        5,
        ("owner",),
    ),
    Finding(
        "stage_unfilled",
        "Stage without what it needs",
        "They are at a stage, and fields that nobody is to reach it without are empty.",
        5,
        ("stage", "list"),
    ),
    Finding(
        "customer_alone",
        "Customer without an owner",
        "They are at the stage “customer” or “evangelist”, and no colleague who works here looks after them.",
        5,
        ("owner",),
    ),
    Finding("no_language", "No language", "Nobody knows in which language to write to them.", 5, ("language",)),
    Finding(
        "no_zone",
        "No time zone",
        "Nobody gave a time zone, and no number of theirs says one: quiet hours go by those of your workspace.",
        5,
        ("zone",),
    ),
    Finding(
        "zone_unsure",
        "Time zone guessed",
        "Their number is of a country with several time zones, and nobody has said which is theirs.",
        5,
        ("zone_from_number", "zone"),
    ),
)
IDS: Final[Sequence[str]] = get_args(FindingId)
DEFINITION = (
    "100, less the points of each finding in proportion to how many contacts have it. Nobody has it: nothing is taken "
    "off. Half of them have one of 10 points: 5 are."
)
# Stages at which somebody should have a colleague of their own.
_CUSTOMERS = frozenset(("customer", "evangelist"))
# So many of a bucket are kept by name; where more have a finding, the bucket is read.
MOST_NAMED = 20
# How long the names of buckets are, of few contacts and of more than so many.
FEW_CHARS, MANY_CHARS, MANY = 6, 7, 50_000
# So many contacts are looked at for a page of names, then it is short.
_MOST_LOOKED_AT = 2_000
# Fewer than so many are no cheaper to read.
_LEAST_STRETCH, _STRETCH = 50, 300
KEPT_DAYS = 90


@dataclass(frozen=True, slots=True)
class Known:
    """What has to be known beside a contact to judge it."""

    fields: Fields
    # Colleagues who work here.
    members: frozenset[str]
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """`counts` by finding, of `total` contacts; `named` are up to MOST_NAMED of each, by id."""

    id: str
    total: int
    counts: Mapping[str, int]
    named: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    score: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """
    What was found, and how far looking through all contacts is: up to `after`, the `batch`es before it being done.
    `counts` of `total` contacts are as of `counted_at` (None: they were never counted). `days` are by `2026-11-22`.
    `chars` is how long the names of its buckets are.
    """

    started_at: datetime
    moved_at: datetime
    state: Literal["running", "done"] = "running"
    after: str | None = None
    batch: int = 0
    looked_at: int = 0
    chars: int = FEW_CHARS
    counted_at: datetime | None = None
    total: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    days: Mapping[str, Day] = field(default_factory=dict)

    @property
    def buckets(self) -> int:
        """How many there are: their names are the first characters of digests, in hexadecimal digits."""
        many: int = 16 ** (self.chars - len(contact_store.IDS))
        return many

    @property
    def score(self) -> int:
        """From 0 to 100; see DEFINITION."""
        if not self.total:
            return 100
        taken = sum(each.points * min(self.counts.get(each.id, 0) / self.total, 1.0) for each in FINDINGS)
        return round(100 - taken)


async def known(ws: Workspace) -> Known:
    members = await member_rows.of_workspace(ws.runtime.mongo, ws.id)
    here = frozenset(each.id for each in members if each.status == "active")
    return Known(await fields.get(ws), here, ws.clock.now())


def judge(contact: Contact, rows: Sequence[ContactAddress], known: Known) -> list[FindingId]:
    """What there is about one contact; whether it is here twice is known of pairs, not of contacts."""
    said = {standing.overall(row.consent, "marketing", known.now) for row in rows}
    place = contacts.place_of(rows, known.now)
    has: dict[FindingId, bool] = {
        "no_phone": not any(row.address.value.startswith("+") for row in rows),
        "no_name": contact.name_source == "handle",
        "no_consent": contact.origin is None and said == {"unknown"},
        "import_unproved": contact.origin is not None and said <= {"unknown"},
        "undeliverable": any(row.unreachable_at or _blocks(row) for row in rows),
        "no_owner": contact.owner_id is None,
        "owner_gone": contact.owner_id is not None and contact.owner_id not in known.members,
        "stage_unfilled": bool(fields.missing(known.fields, contact.stage, contact.fields)),
        "customer_alone": contact.stage in _CUSTOMERS and contact.owner_id not in known.members,
        "no_language": contact.language is None,
        "no_zone": contact.zone is None and place is None,
        "zone_unsure": contact.zone is None and place is not None and not place.sure,
    }
    return [finding for finding, holds in has.items() if holds]


def _blocks(row: ContactAddress) -> bool:
    return any(each.blocked_at is not None for each in row.consent.values())


def filled(bucket_id: str, found: Mapping[str, Sequence[FindingId]]) -> Bucket:
    """A bucket of these contacts, with what there is about each."""
    counts: dict[str, int] = {}
    named: dict[str, list[str]] = {}
    for contact_id, findings in sorted(found.items()):
        for finding in findings:
            counts[finding] = counts.get(finding, 0) + 1
            if len(some := named.setdefault(finding, [])) < MOST_NAMED:
                some.append(contact_id)
    return Bucket(id=bucket_id, total=len(found), counts=counts, named=named)


# --- names --------------------------------------------------------------------------------------------------------


async def page(ws: Workspace, finding: str, *, after: str | None, limit: int) -> tuple[list[Contact], str | None]:
    """
    Who has this finding, by id, judged now; and behind which id the next page begins, None if there are no more. One
    may be short where many have been put right since they were looked at.
    """
    if finding == "duplicate":
        return await _in_pairs(ws, after, limit)
    health = await store.get(ws)
    if health is None:
        return [], None
    know = await known(ws)
    shown: list[Contact] = []
    looked_at = 0
    last = after
    each_has = max(health.counts.get(finding, 0) / health.buckets, 1.0)
    buckets = [found] if after and (found := await store.bucket(ws, after[: health.chars])) else []
    while True:
        for portion in _portions(buckets, finding, last, limit + 1):
            async for read, behind in _read(ws, portion, last, limit + 1):
                for contact, rows in read:
                    if len(shown) == limit:
                        return shown, shown[-1].id
                    if is_somebody(contact) and finding in judge(contact, rows, know):
                        shown.append(contact)
                looked_at += len(read)
                last = behind
                if len(shown) >= limit or looked_at > _MOST_LOOKED_AT:
                    return shown, last
        wanted = ceil((limit - len(shown)) / each_has)
        buckets = await store.buckets_with(
            ws, finding, after=last[: health.chars] if last else None, limit=max(wanted, 1)
        )
        if not buckets:
            return shown, None


@dataclass(frozen=True, slots=True)
class _Portion:
    """
    Who is read together: those `named` in some buckets or, where nobody is, all of the bucket that ends at `end`, in
    pieces: `size` contacts, of whom `share` have what is looked for.
    """

    named: Sequence[str]
    end: str
    size: int = 0
    share: float = 1.0


def _portions(buckets: Sequence[Bucket], finding: str, after: str | None, enough: int) -> Iterator[_Portion]:
    """Of the named about as many together as are wanted."""
    named: list[str] = []
    end = ""
    for bucket in buckets:
        mine = bucket.named.get(finding, ())
        count = bucket.counts.get(finding, 0)
        if count > len(mine):
            if named:
                yield _Portion(named, end)
            yield _Portion((), f"{bucket.id}z", bucket.total, count / bucket.total)
            named = []
        else:
            named += [each for each in mine if each > (after or "")]
            end = f"{bucket.id}z"
            if len(named) >= enough:
                yield _Portion(named, end)
                named = []
    if named:
        yield _Portion(named, end)


async def _read(
    ws: Workspace, portion: _Portion, after: str | None, enough: int
) -> AsyncIterator[tuple[list[tuple[Contact, Sequence[ContactAddress]]], str]]:
    """Some of them, and behind which id the next begin: about as many as it takes to find so many."""
    if portion.named:
        yield await _named(ws, portion.named), portion.end
        return
    most = min(max(ceil(enough / portion.share), _LEAST_STRETCH), _STRETCH)
    goes_on = True
    while goes_on:
        read = await _stretch(ws, portion, after, most)
        goes_on = len(read) == most
        after = read[-1][0].id if goes_on else portion.end
        yield read, after


async def _stretch(
    ws: Workspace, portion: _Portion, after: str | None, most: int
) -> list[tuple[Contact, Sequence[ContactAddress]]]:
    """The next contacts of a bucket."""
    start = max(after or "", portion.end[:-1])
    # A bucket holds the ids that begin with the same digits.
    digits = len(portion.end) - 1 - len(contact_store.IDS)
    share = min(1.0, most / portion.size) / 16**digits
    found = await contact_store.in_order(ws, after=start, limit=most, where={}, share=share)
    mine = [each for each in found if each.id < portion.end]
    addresses = await contact_store.addresses_within(ws, start, mine[-1].id) if mine else {}
    return [(each, addresses.get(each.id, ())) for each in mine]


async def _named(ws: Workspace, wanted: Sequence[str]) -> list[tuple[Contact, Sequence[ContactAddress]]]:
    found = await contact_store.contacts_by_id(ws, wanted)
    there = [found[each] for each in wanted if each in found and is_somebody(found[each])]
    addresses = await contact_store.addresses_of_contacts(ws, [each.id for each in there])
    return [(each, addresses.get(each.id, ())) for each in there]


async def whole(ws: Workspace, after: str, last: str) -> list[tuple[Contact, Sequence[ContactAddress]]]:
    """All contacts behind the one id and up to the other, by id, with their handles."""
    found = await contact_store.contacts_within(ws, after, last)
    addresses = await contact_store.addresses_within(ws, after, last)
    return [(each, addresses.get(each.id, ())) for each in found if is_somebody(each)]


def is_somebody(contact: Contact) -> bool:
    """Neither a part of another nor erased."""
    return contact.merged_into is None and contact.erased_at is None


async def _in_pairs(ws: Workspace, after: str | None, limit: int) -> tuple[list[Contact], str | None]:
    """Who may be here twice, by id."""
    wanted = sorted(each for each in await store.in_pairs(ws) if each > (after or ""))
    found = await contact_store.contacts_by_id(ws, wanted[:limit])
    shown = [found[each] for each in wanted[:limit] if each in found and is_somebody(found[each])]
    return shown, wanted[limit - 1] if len(wanted) > limit else None
