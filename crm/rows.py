"""
What the rows of a table come to: people, as the mapping reads them, and what of them is new.

A batch is read in a few commands and written in a few: one bulk insert each of contacts, handles and facts. Only who is
known already and has something new is changed one by one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import available_timezones

from app.core import addresses, ids
from app.core.addresses import Address
from app.core.alphabet import plain
from app.core.errors import AppError
from app.core.platform import members as member_rows
from app.core.runtime import Workspace
from crm import companies, consent, consent_days, contacts, fields, likeness, pacing, profiles, standing, tables
from crm.companies import Company
from crm.consent import ConsentFact
from crm.consent_days import Change
from crm.contacts import Contact, ContactAddress, Hand, Imported, search_tokens
from crm.fields import Fields, Value
from crm.store import companies as company_store
from crm.store import consents as consent_store
from crm.store import contacts as store
from crm.store import tags as tag_store

if TYPE_CHECKING:
    from crm.imports import Import, Options

Result = Literal["created", "updated", "unchanged", "refused"]
SOURCE = "import"
# What a column can be, beside fields of the workspace's own (`fields.<key>`), with words by which it is guessed.
TARGETS: Mapping[str, tuple[str, ...]] = {
    "name": ("name", "fullname", "contact", "customer", "displayname", "nom", "nombre", "nome"),
    "first_name": ("firstname", "givenname", "forename", "vorname", "prenom", "prénom", "primernombre"),
    "last_name": ("lastname", "surname", "familyname", "nachname", "nomdefamille", "apellido", "apellidos", "cognome"),
    "phone": (
        "phone",
        "phonenumber",
        "mobile",
        "mobilephone",
        "number",
        "tel",
        "telephone",
        "whatsapp",
        "msisdn",
        "cell",
        "cellphone",
        "telefon",
        "telefonnummer",
        "handy",
        "handynummer",
        "mobilnummer",
        "mobil",
        "téléphone",
        "portable",
        "teléfono",
        "telefono",
        "móvil",
        "celular",
        "telefone",
    ),
    "email": ("email", "emailaddress", "mail", "correo", "courriel"),
    "external_id": ("externalid", "customerid", "userid", "id", "kundennummer", "kundennr"),
    "language": ("language", "lang", "locale", "sprache", "langue", "idioma"),
    "stage": ("stage", "lifecyclestage", "lifecycle"),
    "owner": ("owner", "contactowner", "accountmanager"),
    "company": ("company", "companyname", "organisation", "organization", "account"),
    "company_role": ("companyrole", "role", "roleincompany", "position"),
    "zone": ("timezone", "zone", "tz"),
    "notes": ("notes", "note", "comment", "comments"),
    "tags": ("tags", "tag", "labels", "label"),
    "consent_at": ("consentat", "consentdate", "optin", "optindate", "optinat", "subscribedat"),
}
_MOST_COMPANIES = 20_000
_STOPS: frozenset[standing.State] = frozenset(("withdrawn", "blocked", "held"))
# What a spreadsheet makes of a long number.
_SHORTENED = re.compile(r"\d([.,]\d+)?E\+?\d+", re.IGNORECASE)
# What a program that reckons makes of a long number: 12025550123.0.
_RECKONED = re.compile(r"(\+?\d{7,})[.,]0+")
_UNREADABLE = re.compile(f"[\x00{tables.ILLEGIBLE}]")
_MOST_NAME_CHARS = 200
# Of people whom a trial has met, so many of the last ones are known again when they come in a row below.
_MOST_TRIED = 50_000
# A day as it is written with points between, which is nowhere the month first.
_POINTS = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_PROFILE = ("stage", "owner_id", "zone", "company_id", "company_role", "language", "notes")


@dataclass(frozen=True, slots=True)
class Problem:
    row: int
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a row; `cells` are kept of those that were refused, so that they can be mended."""

    row: int
    result: Result
    contact_id: str | None = None
    reason: str | None = None
    cells: tuple[str, ...] = ()
    consented: bool = False


@dataclass(slots=True)
class Person:
    """A row as it reads: handles, the first of which is whom it is about, and values that it gives."""

    row: int
    cells: Sequence[str]
    handles: list[Address] = field(default_factory=list)
    name: str = ""
    company: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    own: dict[str, Value] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    consent_at: datetime | None = None


class Tried:
    """What a trial would have written so far, of those whom it has met last: their next row is held against it."""

    def __init__(self) -> None:
        self._people: dict[str, tuple[Contact, dict[Address, ContactAddress]]] = {}
        self._handles: dict[Address, str] = {}
        self._facts: dict[str, set[str]] = {}

    def see(self, contact: Contact, new: Iterable[Address], facts: Iterable[ConsentFact]) -> None:
        _, rows = self._people.pop(contact.id, (contact, {}))
        for handle in new:
            rows[handle] = ContactAddress(
                address=handle, contact_id=contact.id, verified=False, created_at=contact.created_at
            )
            self._handles[handle] = contact.id
        self._people[contact.id] = contact, rows
        self._facts.setdefault(contact.id, set()).update(consent.id_of(fact) for fact in facts)
        if len(self._people) > _MOST_TRIED:
            oldest = next(iter(self._people))
            for handle in self._people.pop(oldest)[1]:
                del self._handles[handle]
            self._facts.pop(oldest, None)

    def row(self, handle: Address) -> ContactAddress | None:
        contact_id = self._handles.get(handle)
        return self._people[contact_id][1][handle] if contact_id else None

    def contact(self, contact_id: str) -> Contact | None:
        found = self._people.get(contact_id)
        return found[0] if found else None

    def has(self, fact: ConsentFact) -> bool:
        return consent.id_of(fact) in self._facts.get(fact.contact_id, ())


def targets(known: Fields) -> dict[str, str]:
    """What columns can be, by name, each with its label."""
    labels = {name: name.replace("_", " ").capitalize() for name in TARGETS}
    labels |= {"external_id": "Id in your system", "email": "E-mail", "zone": "Time zone", "consent_at": "Agreed on"}
    labels |= {"company_role": "Role in the company"}
    return labels | {f"fields.{each.key}": each.label for each in known.offered}


def suggested(known: Fields, header: Sequence[str]) -> list[str]:
    """What each column probably is, each thing once; "" where nothing suggests itself."""
    own = {_squeezed(word): f"fields.{each.key}" for each in known.offered for word in (each.key, each.label)}
    guesses = own | {word: target for target, words in TARGETS.items() for word in words}
    found: list[str] = []
    for column in header:
        guess = guesses.get(_squeezed(column), "")
        found.append("" if guess in found else guess)
    return found


def _theirs(person: Person, rows: Mapping[Address, ContactAddress]) -> list[ContactAddress]:
    return [rows[handle] for handle in person.handles if handle in rows]


def _squeezed(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


@dataclass(slots=True)
class Plan:
    """What is needed to read the rows of one import."""

    ws: Workspace
    made: Import
    options: Options
    known: Fields
    members: Mapping[str, str]
    stages: Mapping[str, str]
    roles: Mapping[str, str]
    tags: Mapping[str, str]
    # Stands for the file and how it is read.
    table: str
    # So many days an agreement holds (pacing.py); 0: until it is ended.
    holds_days: int
    companies: dict[str, str] = field(default_factory=dict)
    tried: Tried = field(default_factory=Tried)

    @classmethod
    async def of(cls, ws: Workspace, made: Import, options: Options) -> Plan:
        known = await fields.get(ws)
        there = [m for m in await member_rows.of_workspace(ws.runtime.mongo, ws.id) if m.status == "active"]
        members = {plain(word): m.id for m in there for word in (m.name, m.email)}
        stages = {plain(word): s.id for s in known.stages for word in (s.id, s.label)}
        roles = {plain(word): each.id for each in known.roles for word in (each.id, each.label)}
        if made.state == "running":
            own = [target.removeprefix("fields.") for target in options.mapping if target.startswith("fields.")]
            await fields.note_use(ws, known, own)
        tags = await tag_store.ids_by_name(ws) if "tags" in options.mapping else {}
        table = ids.derived("tbl", made.digest, *options.mapping, *options.channels)
        holds_days = (await pacing.settled(ws)).pacing.consent_days
        return cls(ws, made, options, known, members, stages, roles, tags, table, holds_days)

    # --- reading ---

    def read(self, number: int, cells: Sequence[str]) -> Person:
        """Raises ValueError, in words, for a row that cannot be taken."""
        person = Person(number, cells)
        width = len(self.options.mapping)
        if any(cell for cell in cells[width:]):
            # Where a comma has slipped into a value, all that follows stands in the wrong column.
            raise ValueError(f"This row has {len(cells)} cells and the header {width}; is a quotation mark missing?")
        given = {t: c.strip() for t, c in zip(self.options.mapping, cells, strict=False) if t and c.strip()}
        for cell in given.values():
            if _UNREADABLE.search(cell):
                raise ValueError("There are letters that cannot be read; save the table in UTF-8.")
            if len(cell) > tables.MOST_CELL_CHARS:
                raise ValueError(f"“{cell[:40]}…” has more than {tables.MOST_CELL_CHARS:,} characters.")
        # Several columns may be tags.
        named = [c for t, c in zip(self.options.mapping, cells, strict=False) if t == "tags"]
        words = [word for cell in named for word in tables.parted(cell, ";,|")]
        person.tags = [self._named(self.tags, word, "tag") for word in dict.fromkeys(words)]
        self._handles(person, given)
        both = " ".join(each for each in (given.get("first_name"), given.get("last_name")) if each)
        person.name = given.get("name") or both
        person.company = " ".join(given.get("company", "").split())
        for what, text in (("name", person.name), ("company", person.company)):
            if len(text) > _MOST_NAME_CHARS:
                raise ValueError(f"“{text[:40]}…” is too long for a {what}: at most {_MOST_NAME_CHARS} characters.")
        for target, text in given.items():
            self._value(person, target, text)
        if self.options.stage is not None:
            person.values.setdefault("stage", self.options.stage)
        if self.options.consent is not None:
            person.consent_at = person.consent_at or self.options.consent.at
        if "company_role" in person.values and not person.company:
            raise ValueError("A role needs the company beside it.")
        missing = fields.missing(self.known, person.values.get("stage"), person.own)
        if missing:
            raise ValueError(f"This stage needs {', '.join(each.label for each in missing)}.")
        return person

    def _handles(self, person: Person, given: Mapping[str, str]) -> None:
        if phone := given.get("phone"):
            if reckoned := _RECKONED.fullmatch(phone):
                phone = reckoned[1]
            number = addresses.e164(phone, self.known.region)
            if number is None:
                if _SHORTENED.fullmatch(phone):
                    words = "is a number that a spreadsheet has shortened; format its column as text, and save anew."
                    raise ValueError(f"“{phone[:40]}” {words}")
                more = "" if self.known.region or phone.startswith("+") else "; write it with its country, as +233…"
                raise ValueError(f"“{phone[:40]}” is no phone number{more}.")
            person.handles += [Address(kind, number) for kind in self.options.channels]
        if email := given.get("email"):
            if not re.fullmatch(r"[^\s@<>,;:]{1,64}@[^\s@<>,;:]+\.[^\s@<>,;:]{2,}", email) or len(email) > 254:
                raise ValueError(f"“{email[:40]}” is no e-mail address.")
            person.handles.append(Address("email", email.casefold()))
        if external := given.get("external_id"):
            if len(external) > _MOST_NAME_CHARS:
                raise ValueError(f"“{external[:40]}…” is too long for an id: at most {_MOST_NAME_CHARS} characters.")
            person.handles.append(Address("livechat", f"user:{external}"))
        if not person.handles:
            raise ValueError("There is neither a phone number nor an e-mail address nor an id.")

    def _value(self, person: Person, target: str, text: str) -> None:
        match target:
            case "stage":
                person.values["stage"] = self._named(self.stages, text, "stage")
            case "company_role":
                person.values["company_role"] = self._named(self.roles, text, "role")
            case "owner":
                person.values["owner_id"] = self._named(self.members, text, "colleague")
            case "zone":
                if text not in _zones():
                    raise ValueError(f"“{text[:40]}” is no time zone such as Africa/Accra.")
                person.values["zone"] = text
            case "language":
                if not profiles.is_language(text):
                    raise ValueError(f"“{text[:40]}” is no language code such as en.")
                person.values["language"] = text
            case "notes":
                person.values["notes"] = text
            case "consent_at":
                person.consent_at = self._agreed(text)
            case _ if target.startswith("fields."):
                own = self.known.field(target.removeprefix("fields."))
                if own is not None:
                    try:
                        person.own[own.key] = fields.read(own, text)
                    except ValueError as problem:
                        raise ValueError(f"{own.label}: {problem}") from None

    def _named(self, known: Mapping[str, str], text: str, what: str) -> str:
        found = known.get(plain(text))
        if found is None:
            raise ValueError(f"There is no {what} “{text[:40]}”.")
        return found

    def _agreed(self, text: str) -> datetime:
        try:
            day = _POINTS.fullmatch(text)
            at = datetime(int(day[3]), int(day[2]), int(day[1])) if day else datetime.fromisoformat(text)
            at = at.astimezone(UTC) if at.tzinfo else datetime.combine(at.date(), at.time() or time(), UTC)
        except (ValueError, OverflowError):
            raise ValueError(f"“{text[:40]}” is no date of consent such as 2026-11-21.") from None
        if at > self.ws.clock.now():
            raise ValueError("Nobody has agreed in the future.")
        return at

    # --- a batch ---

    async def work(self, ws: Workspace, batch: Sequence[tuple[int, list[str]]], *, dry: bool) -> list[Outcome]:
        """What becomes, or (`dry`) would become, of these rows, in order."""
        outcomes: dict[int, Outcome] = {}
        people: list[Person] = []
        for number, cells in batch:
            try:
                people.append(self.read(number, cells))
            except ValueError as problem:
                outcomes[number] = Outcome(number, "refused", None, str(problem), tuple(cells))
        while people:
            # One person in two rows: the second is read when the first is written.
            taken: set[Address] = set()
            now: list[Person] = []
            later: list[Person] = []
            for person in people:
                free = taken.isdisjoint(person.handles)
                (now if free else later).append(person)
                taken.update(person.handles)
            for outcome in await self._wave(now, dry=dry):
                outcomes[outcome.row] = outcome
            people = later
        return [outcomes[number] for number, _ in batch]

    async def _wave(self, people: Sequence[Person], *, dry: bool) -> list[Outcome]:
        found = await store.addresses(self.ws, [handle for person in people for handle in person.handles])
        rows = {row.address: row for row in found}
        owners = await store.contacts_by_id(self.ws, {row.contact_id for row in found})
        if dry:
            met = [row for person in people for handle in person.handles if (row := self.tried.row(handle))]
            rows |= {row.address: row for row in met}
            owners |= {row.contact_id: seen for row in met if (seen := self.tried.contact(row.contact_id))}
        await self._companies(people, dry=dry)
        outcomes: list[Outcome] = []
        new: list[tuple[Person, Contact]] = []
        for person in people:
            if person.company and (company_id := self.companies.get(plain(person.company))):
                person.values["company_id"] = company_id
            mine = {rows[handle].contact_id for handle in person.handles if handle in rows}
            if len(mine) > 1:
                reason = "These handles belong to two contacts; merge them, or give one."
                outcomes.append(Outcome(person.row, "refused", None, reason, tuple(person.cells)))
            elif not mine or next(iter(mine)) not in owners:
                new.append((person, self._contact(person)))
            else:
                known = owners[next(iter(mine))]
                outcomes.append(await self._known(person, known, rows, dry=dry))
        new = await self._after_erasure(new)
        if not dry:
            await self._insert(new)
        outcomes += [
            Outcome(
                person.row,
                "created",
                None if dry else contact.id,
                consented=bool(self._facts(person, contact.id)),
            )
            for person, contact in new
        ]
        if dry:
            for person, contact in new:
                self.tried.see(contact, person.handles, self._facts(person, contact.id))
        return outcomes

    def _contact(self, person: Person) -> Contact:
        contact_id = ids.derived("con", self.ws.id, str(person.handles[0]))
        own = {key: value for key, value in person.own.items() if value is not None}
        return Contact(
            id=contact_id,
            name=person.name or addresses.label_of_person(person.handles[0]),
            name_source="member" if person.name else "handle",
            avatar_hue=contacts.hue(contact_id),
            created_at=self.ws.clock.now(),
            stage_since=self.ws.clock.now() if "stage" in person.values else None,
            fields=own,
            tags=tuple(dict.fromkeys((*self.options.tags, *person.tags))),
            lists=(self.options.list_id,) if self.options.list_id else (),
            origin=self._origin(person),
            **person.values,
        )

    async def _after_erasure(self, new: list[tuple[Person, Contact]]) -> list[tuple[Person, Contact]]:
        """Who was erased and comes back is somebody new; asked only where anybody was erased at all."""
        if (await pacing.settled(self.ws)).pepper is None:
            return new
        while True:
            there = await store.contacts_by_id(self.ws, [contact.id for _, contact in new])
            gone = {contact_id for contact_id, known in there.items() if known.erased_at is not None}
            if not gone:
                return new
            new = [
                (person, replace(contact, id=contacts.id_after(contact.id)) if contact.id in gone else contact)
                for person, contact in new
            ]

    def _origin(self, person: Person) -> str:
        return f"{self.made.id}/{person.row}"

    async def _insert(self, new: Sequence[tuple[Person, Contact]]) -> None:
        """All of them, in one command for each collection; a contact before the handles that lead to it."""
        made, handles, facts = [], [], []
        for person, contact in new:
            texts = [handle.value for handle in person.handles]
            keys = likeness.keys(contact.name, [(handle, None) for handle in person.handles], contact.notes)
            made.append(store.new_row(contact, search_tokens(contact.name, *texts), keys))
            for handle in person.handles:
                fact = self._fact(person, contact.id, handle)
                facts += [fact] if fact else []
                row = ContactAddress(
                    address=handle,
                    contact_id=contact.id,
                    verified=False,
                    created_at=contact.created_at,
                    consent=consent.standings_of([fact]) if fact else {},
                )
                handles.append((row, 1 if fact else 0))
        await consent_store.insert_many(self.ws, [(consent.id_of(fact), fact) for fact in facts])
        await self._count(facts)
        await store.insert_many(self.ws, made)
        await store.insert_addresses(self.ws, handles)

    async def _count(self, facts: Sequence[ConsentFact]) -> None:
        """Agreements of people who were not there before: each once for each channel."""
        agreed = {(fact.contact_id, fact.address.kind, fact.source) for fact in facts}
        gained = Counter((kind, source) for _, kind, source in agreed)
        await consent_days.count(
            self.ws,
            {Change(what="gained", channel=kind, source=source): number for (kind, source), number in gained.items()},
        )

    def _fact(self, person: Person, contact_id: str, handle: Address) -> ConsentFact | None:
        """Agreed to marketing, at a handle to which messages can be sent."""
        given = self.options.consent
        if given is None or person.consent_at is None or handle.kind == "livechat":
            return None
        evidence = ids.derived("evd", given.source, given.wording, str(person.consent_at))
        return ConsentFact(
            contact_id=contact_id,
            address=handle,
            purposes=("marketing",),
            state="granted",
            source=SOURCE,
            evidence=evidence,
            at=person.consent_at,
            wording=given.wording,
            expires_at=person.consent_at + timedelta(days=self.holds_days) if self.holds_days else None,
            actor=self.made.by_id,
            proof={"source": given.source, "file": self.made.name, "import": self.made.id, "row": str(person.row)},
            recorded_at=self.ws.clock.now(),
        )

    async def _known(
        self, person: Person, known: Contact, rows: Mapping[Address, ContactAddress], *, dry: bool
    ) -> Outcome:
        """Somebody who is there: what is new of them is written, if anything is."""
        if known.merged_into is not None:
            known = await contacts.get(self.ws, known.id)
        if dry:
            known = self.tried.contact(known.id) or known
        wanted = self._wanted(person, known)
        missing = [handle for handle in person.handles if handle not in rows]
        facts = self._facts(person, known.id)
        facts = [fact for fact in facts if not await self._is_kept(fact, rows.get(fact.address))]
        # Before a crash.
        made_here = known.origin == self._origin(person)
        result: Result = "updated" if wanted != known or missing or facts else "unchanged"
        # What they have said themselves stands against what a table says; that is kept, and counts for nothing.
        said = {standing.overall(row.consent, "marketing", self.ws.clock.now()) for row in _theirs(person, rows)}
        stopped = bool(facts) and bool(said & _STOPS)
        outcome = Outcome(
            person.row,
            "created" if made_here else result,
            known.id,
            "They have asked us to stop, which stays." if stopped else None,
            consented=bool(facts) and not stopped,
        )
        if dry:
            self.tried.see(wanted, missing, facts)
        if dry or result == "unchanged":
            return outcome
        # Who had agreed already has not been gained, nor who has asked us to stop since what the row says.
        before = await contacts.addresses_of(self.ws, known.id) if facts else ()
        try:
            for handle in missing:
                row = ContactAddress(
                    address=handle, contact_id=known.id, verified=False, created_at=self.ws.clock.now()
                )
                await store.insert_address(self.ws, row)
            if wanted != known:
                hand = Hand(self.made.by_id, f"{self.made.by_name} (import)", self.ws.clock.now())
                await contacts.change(self.ws, known.id, lambda now: self._wanted(person, now), hand)
            elif missing:
                await contacts.index(self.ws, known.id)
            if any([await consent.record(self.ws, fact) for fact in facts]):
                after = await contacts.addresses_of(self.ws, known.id)
                await consent_days.compare(self.ws, before, after, source=SOURCE, via=("", ""))
        except AppError as refused:
            return Outcome(person.row, "refused", known.id, refused.detail, tuple(person.cells))
        return outcome

    def _facts(self, person: Person, contact_id: str) -> list[ConsentFact]:
        return [fact for handle in person.handles if (fact := self._fact(person, contact_id, handle))]

    async def _is_kept(self, fact: ConsentFact, row: ContactAddress | None) -> bool:
        if self.tried.has(fact):
            return True
        if row is None or "marketing" not in row.consent:
            return False
        return any(each.evidence == fact.evidence for each in await consent_store.at_address(self.ws, fact.address))

    def _wanted(self, person: Person, now: Contact) -> Contact:
        """The contact with what the row gives, as the rule has it."""
        rule = self.options.rule
        changes: dict[str, Any] = {}
        before = now.imported
        if rule == "overwrite" and before and before.table == self.table and before.row > person.row:
            # Of two rows about one person the last has the word, also when the same table comes once more.
            rule = "skip"
        if rule != "skip":
            for name, value in person.values.items():
                if rule == "overwrite" or not getattr(now, name):
                    changes[name] = value
            if changes.get("company_id", now.company_id) != person.values.get("company_id", now.company_id):
                # What they are in another company says nothing about this one.
                changes.pop("company_role", None)
            elif rule == "overwrite" and "company_id" in changes and changes["company_id"] != now.company_id:
                changes.setdefault("company_role", None)
            if person.name and (now.name_source == "handle" or rule == "overwrite"):
                changes |= {"name": person.name, "name_source": "member"}
            given = {key: value for key, value in person.own.items() if value is not None}
            changes["fields"] = {**now.fields, **given} if rule == "overwrite" else {**given, **now.fields}
        listed = (self.options.list_id,) if self.options.list_id else ()
        wanted = replace(
            now,
            **changes,
            tags=tuple(dict.fromkeys((*now.tags, *self.options.tags, *person.tags))),
            lists=tuple(dict.fromkeys((*now.lists, *listed))),
        )
        if wanted == now or rule != "overwrite":
            return wanted
        return replace(wanted, imported=Imported(self.table, person.row))

    async def _companies(self, people: Sequence[Person], *, dry: bool) -> None:
        """The companies that these rows name are there, and known by their names."""
        unknown = {plain(p.company): p.company for p in people if p.company and plain(p.company) not in self.companies}
        made: list[tuple[Company, list[str]]] = []
        if len(self.companies) > _MOST_COMPANIES:
            self.companies.clear()
        for key, name in unknown.items():
            there = await company_store.named(self.ws, name)
            if there:
                self.companies[key] = there[0].id
            else:
                company = Company(id=companies.id_for(self.ws, name), name=name, created_at=self.ws.clock.now())
                made.append((company, search_tokens(name)))
                self.companies[key] = company.id
        if not dry:
            await company_store.insert_new(self.ws, made)
