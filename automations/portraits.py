"""
Portraits: all that a rule may ask of a contact, and reading as much of it as the rules at hand need.

The same portrait is drawn for one contact that has changed and for a stretch of all contacts, so that both get the same
answer. What belongs to contacts that were merged into one belongs to that one; what is merged away has no portrait.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from app.core import addresses, rules
from app.core.addresses import Address
from app.core.rules import LAST, Catalogue, Field, Rule
from app.core.runtime import Workspace
from channels import registry
from crm import contacts, facets, fields, happenings, places, standing
from crm.contact_health import RISKS
from crm.contacts import Contact, ContactAddress
from crm.happenings import Happening
from crm.standing import PURPOSES
from crm.store import contacts as contact_rows
from crm.store import happenings as happening_rows
from inbox import traffic
from inbox.mailings import engagement
from inbox.traffic import Traffic, Written

CHANNELS = (*sorted(registry.adapters()), "email")
# Who has several handles on a channel may be written to at the best of them.
_STATES = ("granted", "asked", "held", "unknown", "expired", "withdrawn", "blocked")
_STATE_LABELS = {
    "granted": "Agreed",
    "asked": "Asked to confirm",
    "held": "Perhaps asked us to stop",
    "unknown": "Said nothing",
    "expired": "Agreed, run out",
    "withdrawn": "Asked us to stop",
    "blocked": "Blocked us",
}
_OF_SEGMENTS = ("has_any", "has_all", "has_none")
# Providers report up to so long after.
_REPORTED_WITHIN = timedelta(days=30)
_MESSAGES = (traffic.MESSAGE_IN, traffic.MESSAGE_OUT)


async def catalogue(ws: Workspace, *, offered: bool = False) -> Catalogue:
    """What can be asked; `offered`: without fields that are archived, which older rules may still ask for."""
    known = await fields.get(ws)
    own = known.offered if offered else known.fields
    stages = tuple((stage.id, stage.label) for stage in known.stages)
    roles = tuple((role.id, role.label) for role in known.roles)
    return Catalogue(
        "contact",
        (
            Field("name", "Name", "text"),
            Field("tags", "Tags", "many", refers_to="tag"),
            Field("lists", "Lists", "many", refers_to="list"),
            Field("segments", "Segments", "many", refers_to="segment", elsewhere=True, ops=_OF_SEGMENTS),
            Field("stage", "Stage", "choice", options=stages),
            Field("stage_since", "In this stage since", "time"),
            Field("owner", "Owner", "choice", refers_to="member", path="owner_id"),
            Field("company", "Company", "choice", refers_to="company", path="company_id"),
            Field("company_role", "Role in the company", "choice", options=roles),
            Field("created_at", "Known since", "time"),
            Field("language", "Language", "choice", elsewhere=True),
            Field("zone", "Time zone", "choice", elsewhere=True),
            Field(
                "country",
                "Country",
                "choice",
                options=tuple((country, country) for country in places.COUNTRIES),
                elsewhere=True,
            ),
            Field(
                "channels", "Channels", "many", options=tuple((kind, kind) for kind in CHANNELS), elsewhere=True
            ),
            Field("blocked", "Blocked by us", "boolean", elsewhere=True),
            Field("health", "Health score", "number", path="health.score"),
            Field("churn_risk", "Risk of leaving", "choice", options=tuple(RISKS.items()), path="health.risk"),
            *fields.askable(own),
            *_of_consent(),
        ),
        (*traffic.EVENTS, *await happenings.events(ws)),
    )  # fmt: skip


def _of_consent() -> Iterator[Field]:
    states = tuple((state, _STATE_LABELS[state]) for state in _STATES)
    for kind in CHANNELS:
        for purpose in PURPOSES:
            name = f"consent.{kind}.{purpose}"
            yield Field(name, f"Consent on {kind}: {purpose}", "choice", options=states, elsewhere=True)
        yield Field(f"agreed.{kind}", f"Agreed to marketing on {kind}", "time", elsewhere=True)
        yield Field(f"expires.{kind}", f"Consent to marketing on {kind} runs out", "time", elsewhere=True)


@dataclass(frozen=True, slots=True)
class Needs:
    """What has to be read beside the contact; `events` with how far back, None: all."""

    addresses: bool = False
    consent: bool = False
    messages: bool = False
    events: Mapping[str, timedelta | None] = field(default_factory=dict)

    @property
    def reports(self) -> bool:
        """Whether what providers reported of broadcasts is asked for."""
        return any(kind in self.events for kind in happenings.REPORTED)

    @property
    def stored(self) -> Mapping[str, timedelta | None]:
        """As `events`, of what is stored: reports are read off what was sent, which was some time before."""
        stored = {kind: back for kind, back in self.events.items() if kind not in happenings.REPORTED}
        if self.reports:
            asked = [self.events[kind] for kind in (*happenings.REPORTED, happenings.SENT) if kind in self.events]
            spans = [back for back in asked if back is not None]
            stored[happenings.SENT] = max(spans) + _REPORTED_WITHIN if len(spans) == len(asked) else None
        return stored


_OF_ADDRESSES = frozenset(("zone", "country", "channels"))


def needs(asked: Iterable[Rule]) -> Needs:
    """Of these rules together."""
    addresses = consent = messages = False
    events: dict[str, timedelta | None] = {}
    for rule in asked:
        for leaf in rules.leaves(rule):
            if "count" in leaf:
                messages = messages or leaf["count"] in _MESSAGES
                if leaf["count"] not in _MESSAGES:
                    ever = leaf["op"] in LAST or "within" not in leaf
                    back = None if ever else rules.span(leaf["within"])
                    before = events.get(leaf["count"], timedelta())
                    events[leaf["count"]] = None if back is None or before is None else max(before, back)
                continue
            name = leaf["field"]
            consent = consent or name.startswith(("consent.", "agreed.", "expires."))
            addresses = addresses or name in _OF_ADDRESSES
    return Needs(addresses or consent, consent, messages, events)


class Portrait(Mapping[str, Any]):
    """One contact, as rules ask of it; what nobody asks for is not worked out."""

    __slots__ = ("_addresses", "_events", "_now", "_traffic", "contact", "segments")

    def __init__(
        self,
        contact: Contact,
        now: datetime,
        addresses: Sequence[ContactAddress],
        told: Sequence[Happening],
        written: Sequence[Traffic],
    ) -> None:
        self.contact = contact
        # Those that it is known to be in so far: who asks for them asks for those first.
        self.segments: set[str] = set()
        self._now = now
        self._addresses = addresses
        self._events = told
        self._traffic = written

    def __getitem__(self, name: str) -> Any:
        contact = self.contact
        head, _, rest = name.partition(".")
        match head:
            case "fields":
                return contact.fields.get(rest)
            case "consent":
                return self._consent(*rest.split("."))
            case "agreed" | "expires":
                return self._agreed(head, rest)
            case "owner":
                return contact.owner_id
            case "company":
                return contact.company_id
            case "segments":
                return self.segments
            case "language":
                return facets.language(contact.language)
            case "zone":
                return contact.zone or self._place_zone()
            case "country":
                return next((found for row in self._addresses if (found := addresses.country_of(row.address))), None)
            case "channels":
                return sorted({row.address.kind for row in self._addresses})
            case "blocked":
                return contact.block is not None
            case "health":
                return contact.health.score if contact.health else None
            case "churn_risk":
                return contact.health.risk if contact.health else None
            case "name" | "tags" | "lists" | "stage" | "stage_since" | "company_role" | "created_at":
                return getattr(contact, name)
        return self._happened(name.removeprefix("happened:"))

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def _place_zone(self) -> str | None:
        place = contacts.place_of(self._addresses, self._now)
        return place.zone if place else None

    def _consent(self, kind: str, purpose: str) -> str | None:
        """None: there is no way to write to them there."""
        said = {
            standing.overall(row.consent, purpose, self._now) for row in self._addresses if row.address.kind == kind
        }
        return next((state for state in _STATES if state in said), None)

    def _agreed(self, what: str, kind: str) -> datetime | None:
        """The newest agreement that holds, or when it runs out."""
        found = [
            each
            for row in self._addresses
            if row.address.kind == kind
            for name, each in row.consent.items()
            if name.partition("@")[0] == "marketing" and each.granted_at and each.state == "granted"
        ]
        newest = max(found, key=lambda each: each.granted_at or each.at, default=None)
        return None if newest is None else newest.granted_at if what == "agreed" else newest.expires_at

    def _happened(self, kind: str) -> Sequence[Mapping[str, Any]]:
        if kind in _MESSAGES:
            both = [(each.received if kind == traffic.MESSAGE_IN else each.sent) for each in self._traffic]
            return [_message(written) for some in both for written in some]
        return [{"at": each.at, **each.attributes} for each in self._events if each.kind == kind]

    def consent_turns_at(self) -> datetime | None:
        """When time alone makes some consent another."""
        ends = (
            end
            for row in self._addresses
            for each in row.consent.values()
            for end in (each.expires_at, each.asked_until)
        )
        return min((end for end in ends if end and end > self._now), default=None)


def _message(written: Written) -> Mapping[str, Any]:
    return {"at": written.at, "channel": written.channel}


# --- drawing them -------------------------------------------------------------------------------------------------


async def of(ws: Workspace, contact_ids: Sequence[str], need: Needs) -> dict[str, Portrait]:
    """By contact; without those that are part of another, or erased."""
    known = await contact_rows.contacts_by_id(ws, contact_ids)
    return await _drawn(ws, [each for each in known.values() if _is_somebody(each)], need, None)


def _is_somebody(contact: Contact) -> bool:
    return contact.merged_into is None and contact.erased_at is None


@dataclass(frozen=True, slots=True)
class Stretch:
    """Contacts in the order of their ids, up to `last`; None: there are no more behind it."""

    portraits: Mapping[str, Portrait]
    last: str | None
    read: int


async def stretch(
    ws: Workspace, after: str, need: Needs, *, limit: int, where: Mapping[str, Any] | None = None
) -> Stretch:
    """The next contacts behind this id; `where` leaves out those that are not asked for."""
    found = await contact_rows.in_order(ws, after=after or None, limit=limit, where=where or {})
    if not found:
        return Stretch({}, None, 0)
    between = (after, found[-1].id) if not where else None
    drawn = await _drawn(ws, [each for each in found if _is_somebody(each)], need, between)
    return Stretch(drawn, found[-1].id if len(found) == limit else None, len(found))


async def _drawn(
    ws: Workspace, found: Sequence[Contact], need: Needs, between: tuple[str, str] | None
) -> dict[str, Portrait]:
    """`between`: they are all that there are behind the one id and up to the other, so ranges read them cheaper."""
    now = ws.clock.now()
    whole = [each.id for each in found]
    addresses: Mapping[str, Sequence[ContactAddress]] = {}
    if need.addresses and found:
        if between is not None:
            addresses = await contact_rows.addresses_within(ws, *between)
        else:
            addresses = await contact_rows.addresses_of_contacts(ws, whole)
    members = {each.id: (each.id, *each.absorbed) for each in found}
    everybody = [member for ids in members.values() for member in ids]
    told: dict[str, list[Happening]] = {}
    asked = {kind: now - back if back is not None else None for kind, back in need.stored.items()}
    known = await (
        happening_rows.within(ws, *between, asked)
        if between is not None
        else happening_rows.of_contacts(ws, everybody, asked)
    )
    for each in known:
        told.setdefault(each.contact_id, []).append(each)
    absorbed = [member for member in everybody if member not in members]
    if between is not None and absorbed:
        for each in await happening_rows.of_contacts(ws, absorbed, asked):
            if not between[0] < each.contact_id <= between[1]:
                told.setdefault(each.contact_id, []).append(each)
    if need.reports:
        sent = [each for mine in told.values() for each in mine if each.kind == happenings.SENT]
        for each in await engagement.of(ws, sent):
            told[each.contact_id].append(each)
    written: dict[str, Traffic] = {}
    if need.messages and found:
        if between is not None:
            written = await traffic.fold_range(ws, *between, whole) | await traffic.fold(ws, absorbed)
        else:
            written = await traffic.fold(ws, everybody)
    return {
        each.id: Portrait(
            each,
            now,
            addresses.get(each.id, ()),
            [event for member in members[each.id] for event in told.get(member, ())],
            [written[member] for member in members[each.id] if member in written],
        )
        for each in found
    }


async def contacts_behind(ws: Workspace, addresses: Iterable[str]) -> list[str]:
    """Whose these addresses are."""
    return list((await contacts.behind(ws, [Address.parse(each) for each in addresses])).values())
