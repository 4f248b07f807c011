"""Queries on companies. Indexes: (workspace_id, prefixes, _id); (workspace_id, name_key)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from app.core import alphabet
from app.core.alphabet import Fences, Row
from app.core.mongo import Document, DuplicateId
from app.core.runtime import Workspace
from crm import companies
from crm.store import evenly

_FIELDS = ("name", "domain", "notes", "created_at", "revision")
_SAMPLE = 500


def _company(row: Document) -> companies.Company:
    return companies.Company(id=row["_id"], **{name: row[name] for name in _FIELDS})


def _row(company: companies.Company, tokens: Sequence[str]) -> Document:
    row = asdict(company)
    row["_id"] = row.pop("id")
    found = {"tokens": list(tokens), "prefixes": evenly.prefixes_of(tokens)}
    return {**row, **found, "name_key": alphabet.key(company.name, company.id)}


async def get(ws: Workspace, company_id: str) -> companies.Company | None:
    row = await ws.db.companies.get(company_id)
    return _company(row) if row else None


async def by_id(ws: Workspace, company_ids: Sequence[str]) -> dict[str, companies.Company]:
    return {row["_id"]: _company(row) for row in await ws.db.companies.get_many(company_ids)}


async def insert(ws: Workspace, company: companies.Company, tokens: Sequence[str]) -> bool:
    """False if there is one of this id."""
    try:
        await ws.db.companies.insert(_row(company, tokens))
    except DuplicateId:
        return False
    return True


async def insert_new(ws: Workspace, made: Sequence[tuple[companies.Company, Sequence[str]]]) -> None:
    """Those whose ids are new, in one command."""
    await ws.db.companies.insert_new([_row(company, tokens) for company, tokens in made])


async def save(ws: Workspace, company: companies.Company, tokens: Sequence[str]) -> bool:
    """False if the stored one is not the revision before."""
    row = _row(company, tokens)
    return await ws.db.companies.update({"_id": row.pop("_id"), "revision": company.revision - 1}, {"$set": row})


async def delete(ws: Workspace, company_id: str) -> None:
    await ws.db.companies.delete({"_id": company_id})


async def named(ws: Workspace, name: str) -> list[companies.Company]:
    """Those of this very name, case and accents aside: one, unless two made it at once. Index: name_key."""
    start = alphabet.key(name, "")
    rows = await ws.db.companies.find({"name_key": {"$gte": start, "$lt": f"{start}\x7f"}}, limit=10)
    return [_company(row) for row in rows]


async def matching(ws: Workspace, words: Sequence[str], *, limit: int) -> list[companies.Company]:
    """Index: workspace_id, prefixes, _id."""
    rows = await evenly.matching(ws.db.companies, "cmp_", words, limit=limit)
    return sorted((_company(row) for row in rows), key=lambda each: alphabet.key(each.name, each.id))


async def page(ws: Workspace, *, after: str | None, limit: int) -> list[companies.Company]:
    """By name. Index: workspace_id, name_key."""

    async def sample() -> list[str]:
        rows = await evenly.in_order(ws.db.companies, "cmp_", {}, limit=_SAMPLE, fields=["name_key"])
        return [row["name_key"] for row in rows]

    async def read(lower: str, upper: str | None, most: int) -> list[Row]:
        bounds = {"$gte": lower} if upper is None else {"$gte": lower, "$lt": upper}
        return await ws.db.companies.find({"name_key": bounds}, sort=[("name_key", 1)], limit=most)

    fences = await Fences.of("companies", ws.id, sample)
    return [_company(row) for row in await fences.page(read, after=after, limit=limit)]
