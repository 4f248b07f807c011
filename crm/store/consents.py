"""Queries on what people said about consent: inserted and read, never changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict

from app.core.addresses import Address
from app.core.mongo import Document
from app.core.runtime import Workspace
from crm import consent

_MOST_AT_ADDRESS = 10_000


async def insert(ws: Workspace, fact_id: str, fact: consent.ConsentFact) -> bool:
    """False if it is kept already."""
    return not await ws.db.consents.insert_new([_row(fact_id, fact)])


def _row(fact_id: str, fact: consent.ConsentFact) -> Document:
    return {**asdict(fact), "_id": fact_id, "address": str(fact.address), "purposes": list(fact.purposes)}


async def insert_many(ws: Workspace, facts: Sequence[tuple[str, consent.ConsentFact]]) -> None:
    """By their ids, in one command; those that are kept already stay as they are."""
    await ws.db.consents.insert_new([_row(fact_id, fact) for fact_id, fact in facts])


async def at_address(ws: Workspace, address: Address) -> list[consent.ConsentFact]:
    """All that was said about one handle. Index: workspace_id, address."""
    return [_fact(row) for row in await ws.db.consents.find({"address": str(address)}, limit=_MOST_AT_ADDRESS)]


async def of_contact(ws: Workspace, contact_id: str, *, limit: int) -> list[consent.ConsentFact]:
    """The newest first. Index: workspace_id, contact_id, at; one contact's facts are few."""
    rows = await ws.db.consents.find({"contact_id": contact_id}, limit=limit, sort=[("at", -1)])
    return [_fact(row) for row in rows]


async def hide(ws: Workspace, contact_id: str, mark: Callable[[Address], str]) -> int:
    """
    Puts what a handle hashes to in its place in all facts of a contact; how many there are.
    Index: workspace_id, contact_id, at.
    """
    rows = await ws.db.consents.find({"contact_id": contact_id}, limit=_MOST_AT_ADDRESS, fields=["address"])
    by_address: dict[str, list[str]] = {}
    for row in rows:
        if not row["address"].partition(":")[2].startswith("#"):
            by_address.setdefault(row["address"], []).append(row["_id"])
    changes: list[tuple[list[str], Document, Document]] = [
        (found, {}, {"$set": {"address": mark(Address.parse(at))}}) for at, found in by_address.items()
    ]
    await ws.db.consents.update_each(changes)
    return len(rows)


def _fact(row: Document) -> consent.ConsentFact:
    return consent.ConsentFact(
        contact_id=row["contact_id"],
        address=Address.parse(row["address"]),
        purposes=tuple(row["purposes"]),
        state=row["state"],
        source=row["source"],
        evidence=row["evidence"],
        at=row["at"],
        wording=row.get("wording"),
        actor=row.get("actor", "contact"),
        sender=row.get("sender", ""),
        expires_at=row.get("expires_at"),
        language=row.get("language"),
        every_days=row.get("every_days"),
        proof=row.get("proof") or {},
        recorded_at=row.get("recorded_at"),
    )
