"""Queries on contacts, their addresses, and what they have said about consent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any

from app.core.addresses import Address
from app.core.mongo import Document, DuplicateId
from app.core.runtime import Workspace
from crm import consent, contacts

# Longer words are found by their beginning and then compared.
PREFIX_CHARS = 8
_MOST_PREFIXES = 200
_MOST_EXAMINED = 4_000


def address_id(ws: Workspace, address: Address) -> str:
    return f"{ws.id}/{address}"


def _address(row: Document) -> contacts.ContactAddress:
    return contacts.ContactAddress(
        address=Address.parse(row["address"]),
        contact_id=row["contact_id"],
        verified=row["verified"],
        created_at=row["created_at"],
        username=row.get("username"),
        consent={purpose: contacts.PurposeConsent(**state) for purpose, state in row.get("consent", {}).items()},
        came_by=tuple(row.get("came_by", ())),
    )


async def addresses(ws: Workspace, wanted: Iterable[Address]) -> list[contacts.ContactAddress]:
    """Point reads by `_id`."""
    return [_address(row) for row in await ws.db.addresses.get_many(address_id(ws, a) for a in wanted)]


async def addresses_of_contact(ws: Workspace, contact_id: str) -> list[contacts.ContactAddress]:
    """Index: workspace_id, contact_id."""
    rows = await ws.db.addresses.find({"contact_id": contact_id}, limit=200)
    return sorted((_address(row) for row in rows), key=lambda row: row.created_at)


async def insert_address(ws: Workspace, row: contacts.ContactAddress) -> bool:
    """False if the address is linked already."""
    document: Document = {
        "_id": address_id(ws, row.address),
        "address": str(row.address),
        "contact_id": row.contact_id,
        "verified": row.verified,
        "created_at": row.created_at,
        "username": row.username,
        "consent": {purpose: asdict(state) for purpose, state in row.consent.items()},
    }
    if row.came_by:
        document["came_by"] = list(row.came_by)
    try:
        await ws.db.addresses.insert(document)
    except DuplicateId:
        return False
    return True


async def set_username(ws: Workspace, address: Address, username: str) -> None:
    await ws.db.addresses.update({"_id": address_id(ws, address)}, {"$set": {"username": username}})


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
        merged_into=row.get("merged_into"),
        absorbed=tuple(row.get("absorbed", ())),
        merge_id=row.get("merge_id"),
    )


# Written by merging alone (see store/merging.py): nothing else that stores a contact may put them back.
_OF_MERGES = ("merged_into", "absorbed", "merge_id")


def _values(contact: contacts.Contact) -> Document:
    return {name: value for name, value in asdict(contact).items() if name not in (*_OF_MERGES, "id")}


async def contact(ws: Workspace, contact_id: str) -> contacts.Contact | None:
    row = await ws.db.contacts.get(contact_id)
    return _contact(row) if row else None


async def contacts_by_id(ws: Workspace, contact_ids: Iterable[str]) -> dict[str, contacts.Contact]:
    return {row["_id"]: _contact(row) for row in await ws.db.contacts.get_many(contact_ids)}


async def insert_contact(ws: Workspace, new: contacts.Contact, tokens: Sequence[str], keys: Sequence[str]) -> None:
    """An existing row of this id is left as it is."""
    await ws.db.contacts.insert_new([{**_values(new), "_id": new.id, **_found_by(tokens, keys)}])


async def save_contact(ws: Workspace, changed: contacts.Contact, tokens: Sequence[str], keys: Sequence[str]) -> None:
    await ws.db.contacts.update({"_id": changed.id}, {"$set": {**_values(changed), **_found_by(tokens, keys)}})


async def save_index(ws: Workspace, contact_id: str, tokens: Sequence[str], keys: Sequence[str]) -> None:
    await ws.db.contacts.update({"_id": contact_id}, {"$set": _found_by(tokens, keys)})


def _found_by(tokens: Sequence[str], keys: Sequence[str]) -> Document:
    return {"tokens": list(tokens), "prefixes": prefixes_of(tokens), "keys": list(keys)}


async def contacts_with(ws: Workspace, key: str, *, limit: int) -> list[contacts.Contact]:
    """Contacts that have this in common (see likeness.py); not those that were merged. Index: workspace_id, keys."""
    rows = await ws.db.contacts.find({"keys": key}, limit=limit)
    return [_contact(row) for row in rows if not row.get("merged_into")]


async def contacts_page(ws: Workspace, *, after: str | None, limit: int) -> list[contacts.Contact]:
    """By id. Index: workspace_id, _id."""
    return [_contact(row) for row in await _in_order(ws, {}, after=after, limit=limit, width=1)]


async def contacts_named(ws: Workspace, words: Sequence[str], *, limit: int) -> list[contacts.Contact]:
    """
    Contacts with a word that begins like each of these, by id. Index: workspace_id, prefixes, _id.

    Looked up by the longest, which is mostly the rarest; not more than a few thousand that share it are looked at.
    """
    longest = max(words, key=len)
    where = {"prefixes": longest[:PREFIX_CHARS]}

    def fits(row: Document) -> bool:
        return all(any(token.startswith(word) for token in row["tokens"]) for word in words)

    rows = await _in_order(ws, where, limit=limit, width=_POSITIONS >> 15, fits=fits)
    return [_contact(row) for row in rows]


def prefixes_of(tokens: Iterable[str]) -> list[str]:
    """
    How the words begin, up to so many characters: a search is then an equality, which can be read in bounded ranges
    of ids, while a range of words would have to be read whole.
    """
    found: dict[str, None] = {}
    for token in tokens:
        for chars in range(1, min(len(token), PREFIX_CHARS) + 1):
            found[token[:chars]] = None
    return list(found)[:_MOST_PREFIXES]


async def _in_order(
    ws: Workspace,
    where: Document,
    *,
    after: str | None = None,
    limit: int,
    width: int,
    fits: Callable[[Document], bool] = lambda row: True,
) -> list[Document]:
    """
    The first rows by id where this holds, without contacts that are a part of another now.

    Read in bounded ranges of ids, widened while they come up short: a sort with a limit, or a limit alone, would read
    every row that matches.
    """
    found: list[Document] = []
    examined = 0
    lower: Document = {"$gt": after or "con_"}
    start = _position(after) if after else 0
    while len(found) < limit and start < _POSITIONS and examined < _MOST_EXAMINED:
        end = start + width
        upper = {"$lt": f"con_{_digits(end)}"} if end < _POSITIONS else {"$lt": "con`"}
        rows = await ws.db.contacts.find({**where, "_id": lower | upper}, limit=100_000)
        examined += len(rows)
        whole = [row for row in rows if "merged_into" not in row]
        found += [row for row in sorted(whole, key=lambda row: str(row["_id"])) if fits(row)]
        # Ids are spread evenly: aim at what is missing, carefully as long as nothing is known.
        width = max(1, width * min(32, max(1, 2 * (limit - len(found)) // len(rows)))) if rows else width * 32
        lower, start = {"$gte": upper["$lt"]}, end
    return found[:limit]


# The first characters of a contact's id as a number, so that ranges of ids can be reckoned with.
_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
_PLACES = 6
_POSITIONS = len(_ALPHABET) ** _PLACES


def _position(contact_id: str) -> int:
    start = contact_id.removeprefix("con_")[:_PLACES].ljust(_PLACES, "0")
    return sum(max(0, _ALPHABET.find(c)) * len(_ALPHABET) ** (_PLACES - 1 - at) for at, c in enumerate(start))


def _digits(position: int) -> str:
    digits = ""
    for _ in range(_PLACES):
        position, digit = divmod(position, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits


async def insert_fact(ws: Workspace, fact_id: str, fact: consent.ConsentFact) -> bool:
    document = {**asdict(fact), "_id": fact_id, "address": str(fact.address), "purposes": list(fact.purposes)}
    return not await ws.db.consents.insert_new([document])


async def set_consent(ws: Workspace, fact: consent.ConsentFact, purpose: str) -> None:
    """Only forward in time: a later fact stands."""
    state: dict[str, Any] = {"state": fact.state, "at": fact.at, "source": fact.source}
    row_id = address_id(ws, fact.address)
    field = f"consent.{purpose}"
    # Two updates, because a missing date compares as neither older nor newer.
    if not await ws.db.addresses.update({"_id": row_id, field: None}, {"$set": {field: state}}):
        await ws.db.addresses.update({"_id": row_id, f"{field}.at": {"$lte": fact.at}}, {"$set": {field: state}})


async def facts(ws: Workspace, contact_id: str, *, limit: int) -> list[consent.ConsentFact]:
    """Index: workspace_id, contact_id, at; one contact's facts are few."""
    rows = await ws.db.consents.find({"contact_id": contact_id}, limit=limit, sort=[("at", -1)])
    return [
        consent.ConsentFact(
            contact_id=row["contact_id"],
            address=Address.parse(row["address"]),
            purposes=tuple(row["purposes"]),
            state=row["state"],
            source=row["source"],
            evidence=row["evidence"],
            at=row["at"],
            wording=row.get("wording"),
            actor=row.get("actor", "contact"),
        )
        for row in rows
    ]
