"""Queries on contacts and their addresses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from app.core import alphabet, clock, windows
from app.core.addresses import Address
from app.core.alphabet import Fences
from app.core.mongo import MOST_IN, Document, DuplicateId
from app.core.runtime import Workspace
from crm import changes, contacts, facets
from crm.contact_health import Health, Part
from crm.standing import Standing
from crm.store import evenly

# How ids of contacts begin.
IDS = "con_"
_SAMPLE = 2_000
_MOST_WITHIN = 200_000
# What rules may ask for; what a contact is found by is many times as large.
_ASKED = (
    *("name", "name_source", "avatar_hue", "created_at", "language", "block", "merged_into", "absorbed", "stage"),
    *(
        "stage_since",
        "owner_id",
        "zone",
        "company_id",
        "company_role",
        "fields",
        "tags",
        "lists",
        "erased_at",
        "origin",
        "health",
        "revision",
    ),
)
_FIRST_WINDOW = timedelta(seconds=10)


def address_id(ws: Workspace, address: Address) -> str:
    return f"{ws.id}/{address}"


def _address(row: Document) -> contacts.ContactAddress:
    return contacts.ContactAddress(
        address=Address.parse(row["address"]),
        contact_id=row["contact_id"],
        verified=row["verified"],
        created_at=row["created_at"],
        username=row.get("username"),
        consent={name: Standing(**known) for name, known in row.get("consent", {}).items()},
        came_by=tuple(row.get("came_by", ())),
        unreachable_at=row.get("unreachable_at"),
        failures=tuple(contacts.Failure(**each) for each in row.get("failures", ())),
        resting=contacts.Resting(**row["resting"]) if row.get("resting") else None,
        doubt=contacts.Doubt(**row["doubt"]) if row.get("doubt") else None,
        trusted_at=row.get("trusted_at"),
    )


async def addresses(ws: Workspace, wanted: Iterable[Address]) -> list[contacts.ContactAddress]:
    """Point reads by `_id`."""
    return [_address(row) for row in await ws.db.addresses.get_many(address_id(ws, a) for a in wanted)]


def addresses_of_rows(ws: Workspace, rows: Iterable[Document]) -> list[contacts.ContactAddress]:
    """Of rows that were read beside others (see platform/work.py)."""
    return [_address(row) for row in ws.db.addresses.mine(rows)]


async def addresses_close(
    ws: Workspace, wanted: Iterable[Address], contact_ids: Iterable[str]
) -> list[contacts.ContactAddress]:
    """The same, where these contacts probably have them. Index: workspace_id, contact_id; point reads."""
    missing = {address_id(ws, each) for each in wanted}
    close, _ = await evenly.close(ws.db.addresses, contact_ids, by="contact_id")
    rows = [row for row in close if row["_id"] in missing]
    missing -= {row["_id"] for row in rows}
    return [_address(row) for row in (*rows, *(await ws.db.addresses.get_many(missing) if missing else ()))]


async def addresses_of_contact(ws: Workspace, contact_id: str) -> list[contacts.ContactAddress]:
    """Index: workspace_id, contact_id."""
    rows = await ws.db.addresses.find({"contact_id": contact_id}, limit=200)
    return sorted((_address(row) for row in rows), key=lambda row: row.created_at)


async def addresses_of_contacts(ws: Workspace, contact_ids: Sequence[str]) -> dict[str, list[contacts.ContactAddress]]:
    """By contact. Index: workspace_id, contact_id."""
    found: dict[str, list[contacts.ContactAddress]] = {}
    for first in range(0, len(contact_ids), MOST_IN):
        some = list(contact_ids[first : first + MOST_IN])
        for row in await ws.db.addresses.find({"contact_id": {"$in": some}}, limit=200 * len(some)):
            found.setdefault(row["contact_id"], []).append(_address(row))
    return {contact_id: sorted(rows, key=lambda row: row.created_at) for contact_id, rows in found.items()}


async def addresses_within(ws: Workspace, after: str, last: str) -> dict[str, list[contacts.ContactAddress]]:
    """By contact, of a stretch of their ids. Index: workspace_id, contact_id."""
    found: dict[str, list[contacts.ContactAddress]] = {}
    for row in await ws.db.addresses.find({"contact_id": {"$gt": after, "$lte": last}}, limit=_MOST_WITHIN):
        found.setdefault(row["contact_id"], []).append(_address(row))
    return {contact_id: sorted(rows, key=lambda row: row.created_at) for contact_id, rows in found.items()}


async def insert_address(ws: Workspace, row: contacts.ContactAddress) -> bool:
    """False if the address is linked already."""
    try:
        async with changes.of(ws, [row.contact_id]):
            await ws.db.addresses.insert(address_row(ws, row))
    except DuplicateId:
        return False
    return True


async def insert_addresses(ws: Workspace, rows: Sequence[tuple[contacts.ContactAddress, int]]) -> None:
    """Each with how many facts its consent was reckoned from; in one command. Those that are linked already stay."""
    documents = [address_row(ws, row) | ({"facts": facts} if facts else {}) for row, facts in rows]
    async with changes.of(ws, dict.fromkeys(row.contact_id for row, _ in rows)):
        await ws.db.addresses.insert_new(documents)


async def insert_many(ws: Workspace, rows: Sequence[Document]) -> None:
    """Contacts as `new_row` makes them, in one command; existing rows stay as they are."""
    async with changes.of(ws, [row["_id"] for row in rows]):
        await ws.db.contacts.insert_new(rows)


def address_row(ws: Workspace, row: contacts.ContactAddress) -> Document:
    document: Document = {
        "_id": address_id(ws, row.address),
        "address": str(row.address),
        "contact_id": row.contact_id,
        "verified": row.verified,
        "created_at": row.created_at,
        "username": row.username,
        "consent": {name: _plain(known) for name, known in row.consent.items()},
    }
    if row.came_by:
        document["came_by"] = list(row.came_by)
    return document


async def set_username(ws: Workspace, address: Address, username: str) -> None:
    await ws.db.addresses.update({"_id": address_id(ws, address)}, {"$set": {"username": username}})


async def set_unreachable(ws: Workspace, address: Address, at: datetime | None) -> None:
    async with changes.of(ws, addresses=[str(address)]):
        await ws.db.addresses.update({"_id": address_id(ws, address)}, {"$set": {"unreachable_at": at}})


async def set_resting(
    ws: Workspace, address: Address, failures: Sequence[contacts.Failure], resting: contacts.Resting | None
) -> None:
    values = {"failures": [asdict(each) for each in failures], "resting": asdict(resting) if resting else None}
    await ws.db.addresses.update({"_id": address_id(ws, address)}, {"$set": values})


async def set_doubt(ws: Workspace, address: Address, doubt: contacts.Doubt) -> None:
    async with changes.of(ws, addresses=[str(address)]):
        await ws.db.addresses.update({"_id": address_id(ws, address)}, {"$set": {"doubt": asdict(doubt)}})


async def settle_doubt(ws: Workspace, row: contacts.ContactAddress, at: datetime) -> bool:
    """Whose it is was made sure at that time; False if it is another's by now, or somebody else was faster."""
    where = {"_id": address_id(ws, row.address), "contact_id": row.contact_id, "doubt.evidence": _evidence(row)}
    async with changes.of(ws, [row.contact_id]):
        return await ws.db.addresses.update(where, {"$set": {"doubt": None, "trusted_at": at}})


async def give_address(ws: Workspace, row: contacts.ContactAddress, contact_id: str, doubt: contacts.Doubt) -> bool:
    """To another contact, in doubt; False if it was not its contact's any more."""
    where = {"_id": address_id(ws, row.address), "contact_id": row.contact_id}
    async with changes.of(ws, [row.contact_id, contact_id]):
        given = {"contact_id": contact_id, "doubt": asdict(doubt), "came_by": []}
        return await ws.db.addresses.update(where, {"$set": given})


def _evidence(row: contacts.ContactAddress) -> str:
    return row.doubt.evidence if row.doubt else ""


async def verify_address(ws: Workspace, address: Address) -> None:
    await ws.db.addresses.update({"_id": address_id(ws, address)}, {"$set": {"verified": True}})


def _contact(row: Document) -> contacts.Contact:
    return contacts.Contact(
        id=row["_id"],
        name=row["name"],
        name_source=row["name_source"],
        avatar_hue=row["avatar_hue"],
        created_at=row["created_at"],
        language=row.get("language"),
        notes=row.get("notes", ""),
        block=contacts.Block(**row["block"]) if row.get("block") else None,
        hold=contacts.Hold(**row["hold"]) if row.get("hold") else None,
        erased_at=row.get("erased_at"),
        merged_into=row.get("merged_into"),
        absorbed=tuple(row.get("absorbed", ())),
        merge_id=row.get("merge_id"),
        stage=row.get("stage"),
        stage_since=row.get("stage_since"),
        owner_id=row.get("owner_id"),
        zone=row.get("zone"),
        company_id=row.get("company_id"),
        company_role=row.get("company_role"),
        fields={key: tuple(v) if isinstance(v, list) else v for key, v in row.get("fields", {}).items()},
        tags=tuple(row.get("tags", ())),
        lists=tuple(row.get("lists", ())),
        origin=row.get("origin"),
        imported=contacts.Imported(**row["imported"]) if row.get("imported") else None,
        health=_health(row["health"]) if row.get("health") else None,
        revision=row.get("revision", 0),
        touched={what.replace("/", "."): contacts.Touch(**touch) for what, touch in row.get("touched", {}).items()},
    )


def _health(row: Document) -> Health:
    return Health(**{**row, "parts": tuple(Part(**part) for part in row["parts"])})


# Written by merging alone (see store/merging.py): nothing else that stores a contact may put them back.
_OF_MERGES = ("merged_into", "absorbed", "merge_id")
# Most contacts have none of these.
_RARE = (
    *("stage", "stage_since", "owner_id", "zone", "company_id", "company_role", "fields", "tags", "lists", "origin"),
    *("touched", "hold", "erased_at", "imported", "health"),
)


def _values(contact: contacts.Contact) -> Document:
    row: Document = {}
    for name in contacts.Contact.__slots__:
        if name not in _OF_MERGES and name != "id":
            row[name] = getattr(contact, name)
    row["block"] = asdict(contact.block) if contact.block else None
    row["hold"] = asdict(contact.hold) if contact.hold else None
    row["imported"] = asdict(contact.imported) if contact.imported else None
    row["health"] = asdict(contact.health) if contact.health else None
    row["fields"] = {key: value for key, value in contact.fields.items() if value is not None}
    # A name with a dot is a path in the database.
    row["touched"] = {what.replace(".", "/"): asdict(touch) for what, touch in contact.touched.items()}
    return row


async def contact(ws: Workspace, contact_id: str) -> contacts.Contact | None:
    row = await ws.db.contacts.get(contact_id)
    return _contact(row) if row else None


async def contacts_by_id(ws: Workspace, contact_ids: Iterable[str]) -> dict[str, contacts.Contact]:
    return {row["_id"]: _contact(row) for row in await ws.db.contacts.get_many(contact_ids)}


async def contacts_close(ws: Workspace, contact_ids: Iterable[str]) -> dict[str, contacts.Contact]:
    """The same, where their ids may lie close together. Index: workspace_id, _id; point reads."""
    wanted = set(contact_ids)
    close, left = await evenly.close(ws.db.contacts, wanted)
    rows = [*(row for row in close if row["_id"] in wanted), *(await ws.db.contacts.get_many(left) if left else ())]
    return {row["_id"]: _contact(row) for row in rows}


async def insert_contact(ws: Workspace, new: contacts.Contact, tokens: Sequence[str], keys: Sequence[str]) -> bool:
    """False if there is a row of this id, which is left as it is."""
    async with changes.of(ws, [new.id]):
        return not await ws.db.contacts.insert_new([new_row(new, tokens, keys)])


def new_row(new: contacts.Contact, tokens: Sequence[str], keys: Sequence[str]) -> Document:
    """Without what is empty, as it mostly is."""
    row = {**_values(new), "_id": new.id, **_found_by(new, tokens, keys)}
    return {name: value for name, value in row.items() if value or name not in _RARE}


async def save_contact(ws: Workspace, wanted: contacts.Contact, tokens: Sequence[str], keys: Sequence[str]) -> bool:
    """As the revision after `wanted.revision`; False if the stored one is another."""
    row = {**_values(wanted), **_found_by(wanted, tokens, keys), "revision": wanted.revision + 1}
    async with changes.of(ws, [wanted.id]):
        return await ws.db.contacts.update_at(wanted.id, wanted.revision, row)


async def save_index(ws: Workspace, contact: contacts.Contact, tokens: Sequence[str], keys: Sequence[str]) -> None:
    await ws.db.contacts.update({"_id": contact.id}, {"$set": _found_by(contact, tokens, keys)})


def _found_by(contact: contacts.Contact, tokens: Sequence[str], keys: Sequence[str]) -> Document:
    return {
        "tokens": list(tokens),
        "prefixes": evenly.prefixes_of(tokens),
        "keys": list(keys),
        "facets": facets.of(contact),
        "name_key": name_key(contact),
    }


async def contacts_with(ws: Workspace, key: str, *, limit: int) -> list[contacts.Contact]:
    """Contacts that have this in common (see likeness.py); not those that were merged. Index: workspace_id, keys."""
    rows = await ws.db.contacts.find({"keys": key}, limit=limit)
    return [_contact(row) for row in rows if not row.get("merged_into")]


async def contacts_page(ws: Workspace, *, after: str | None, limit: int) -> list[contacts.Contact]:
    """By id. Index: workspace_id, _id."""
    return [
        _contact(row)
        for row in await evenly.in_order(ws.db.contacts, IDS, {}, after=after, limit=limit, fits=_is_whole)
    ]


async def in_order(
    ws: Workspace, *, after: str | None, limit: int, where: Mapping[str, Any], share: float = 2**-20
) -> list[contacts.Contact]:
    """
    By id, those too that are part of another, with what rules ask for alone; `share` is the part of all ids that is
    read first, where it is known how close they lie. Index: workspace_id, _id.
    """
    rows = await evenly.in_order(ws.db.contacts, IDS, dict(where), after=after, limit=limit, share=share, fields=_ASKED)
    return [_contact(row) for row in rows]


async def contacts_within(ws: Workspace, after: str, last: str) -> list[contacts.Contact]:
    """Of a stretch of their ids, by id, as `in_order` reads them. Index: workspace_id, _id."""
    rows = await ws.db.contacts.find({"_id": {"$gt": after, "$lte": last}}, limit=_MOST_WITHIN, fields=_ASKED)
    return sorted((_contact(row) for row in rows), key=lambda contact: contact.id)


async def put_on_list(ws: Workspace, contact_ids: Sequence[str], list_id: str) -> None:
    """In one command: what is saved of them at the same time is read anew by who saves it."""
    added = {"lists": list_id, "facets": facets.word("list", list_id)}
    async with changes.of(ws, contact_ids):
        await ws.db.contacts.update_each(
            [(contact_ids, {"lists": {"$ne": list_id}}, {"$addToSet": added, "$inc": {"revision": 1}})]
            if contact_ids
            else []
        )


async def contacts_named(ws: Workspace, words: Sequence[str], *, limit: int) -> list[contacts.Contact]:
    """Contacts with a word that begins like each of these, by id. Index: workspace_id, prefixes, _id."""
    rows = await evenly.matching(ws.db.contacts, IDS, words, limit=limit, fits=_is_whole)
    return [_contact(row) for row in rows]


async def contacts_numbered(ws: Workspace, digits: str, *, limit: int) -> list[contacts.Contact]:
    """Contacts with a number that begins, or ends, with these, by id. Index: workspace_id, prefixes, _id."""

    def ends_so(row: Document) -> bool:
        return _is_whole(row) and any(token.isdigit() and token.endswith(digits) for token in row["tokens"])

    rows = await evenly.matching(ws.db.contacts, IDS, [digits], limit=limit, fits=_is_whole)
    rows += await evenly.matching(ws.db.contacts, IDS, [digits[-4:]], limit=limit, fits=ends_so)
    return [_contact(row) for row in {row["_id"]: row for row in rows}.values()][:limit]


async def newest(
    ws: Workspace, facet: str, *, before: tuple[datetime, str] | None, limit: int
) -> list[contacts.Contact]:
    """
    Those with this facet, the newest first, by (time, id). Index: workspace_id, facets, created_at.

    An import makes very many within minutes, so windows of time end at fences; they widen while they come up short.
    """

    async def sample() -> list[str]:
        rows = await evenly.in_order(ws.db.contacts, IDS, {}, limit=_SAMPLE, fields=["created_at"])
        return [clock.iso(row["created_at"]) or "" for row in rows]

    async def find(where: Document, sort: list[tuple[str, int]], most: int) -> list[Document]:
        return await ws.db.contacts.find({"facets": facet, **where}, sort=sort, limit=most)

    fences = await Fences.of("contact_times", ws.id, sample)
    rows: list[Document] = []
    end = ws.clock.now() + timedelta(seconds=1)
    if before is not None:
        end = before[0]
        rows += await windows.same_moment(find, "created_at", before, limit)
    steps, width = 1, _FIRST_WINDOW
    while len(rows) < limit and end > windows.BEGINNING:
        start = _read_time(fences.before(clock.iso(end) or "", steps))
        if (newest_fence := _read_time(fences.last)) < end:
            # Who came since the sample was taken.
            start, width = max(newest_fence, end - width), width * 6
        else:
            steps *= 4
        order = [("created_at", -1), ("_id", -1)]
        rows += await find({"created_at": {"$gte": start, "$lt": end}}, order, limit - len(rows))
        end = start
    return [_contact(row) for row in rows if _is_whole(row)]


def _read_time(text: str | None) -> datetime:
    return datetime.fromisoformat(text) if text else windows.BEGINNING


async def by_name(ws: Workspace, *, after: str | None, limit: int) -> list[contacts.Contact]:
    """All of them; `after` is the name_key of the last one. Index: workspace_id, name_key."""

    async def sample() -> list[str]:
        rows = await evenly.in_order(ws.db.contacts, IDS, {}, limit=_SAMPLE, fields=["name_key"])
        return [row["name_key"] for row in rows]

    async def read(lower: str, upper: str | None, most: int) -> list[Document]:
        bounds = {"$gte": lower} if upper is None else {"$gte": lower, "$lt": upper}
        return await ws.db.contacts.find({"name_key": bounds}, sort=[("name_key", 1)], limit=most)

    fences = await Fences.of("contacts", ws.id, sample)
    return [_contact(row) for row in await fences.page(read, after=after, limit=limit) if _is_whole(row)]


def name_key(contact: contacts.Contact) -> str:
    """Where it stands by name."""
    return alphabet.key(contact.name, contact.id)


def _is_whole(row: Document) -> bool:
    """Neither a part of another contact nor erased."""
    return not row.get("merged_into") and not row.get("erased_at")


async def set_standings(ws: Workspace, address: Address, found: Mapping[str, Standing], facts: int) -> None:
    """
    What `facts` facts about an address come to; nothing if somebody has reckoned with more of them already. Facts only
    become more, so the number says which reckoning is the newer one.
    """
    values: Document = {"consent": {name: _plain(each) for name, each in found.items()}, "facts": facts}
    row_id = address_id(ws, address)
    async with changes.of(ws, addresses=[str(address)]):
        # Two updates, because a missing number compares as neither less nor more.
        if not await ws.db.addresses.update({"_id": row_id, "facts": None}, {"$set": values}):
            await ws.db.addresses.update({"_id": row_id, "facts": {"$lte": facts}}, {"$set": values})


async def keep_past(ws: Workspace, revision: int, told: Sequence[contacts.PastValue]) -> None:
    """What a change by hand to this revision replaced."""
    rows = [{**asdict(each), "_id": f"{each.contact_id}/{revision}/{number}"} for number, each in enumerate(told)]
    await ws.db.contact_past.insert_new(rows)


async def past(ws: Workspace, contact_id: str, *, limit: int) -> list[contacts.PastValue]:
    """Index: workspace_id, contact_id, at; one contact's are few."""
    rows = await ws.db.contact_past.find({"contact_id": contact_id}, limit=limit, sort=[("at", -1)])
    names = contacts.PastValue.__slots__
    return [contacts.PastValue(**{name: row[name] for name in names}) for row in rows]


async def delete_past(ws: Workspace, contact_id: str) -> int:
    """Index: workspace_id, contact_id, at."""
    return await ws.db.contact_past.delete({"contact_id": contact_id})


async def delete_addresses(ws: Workspace, contact_id: str) -> None:
    """Index: workspace_id, contact_id."""
    await ws.db.addresses.delete({"contact_id": contact_id})


async def erase(ws: Workspace, contact_id: str, at: datetime) -> None:
    """Nothing of the person is left in the row, and it stands in no list."""
    empty: Document = {
        "name": "Erased contact",
        "name_source": "handle",
        "language": None,
        "notes": "",
        "block": None,
        "tokens": [],
        "prefixes": [],
        "keys": [],
        "facets": [],
        "name_key": alphabet.key("", contact_id),
        "absorbed": [],
        "erased_at": at,
    }
    gone = {name: "" for name in (*_RARE, "merge_id", "health_key") if name != "erased_at"}
    async with changes.of(ws, [contact_id]):
        await ws.db.contacts.update({"_id": contact_id}, {"$set": empty, "$unset": gone, "$inc": {"revision": 1}})


def _plain(known: Standing) -> Document:
    return {name: value for name, value in asdict(known).items() if value is not None}
