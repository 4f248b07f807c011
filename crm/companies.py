"""Companies: whom contacts work for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from app.core import ids
from app.core.alphabet import plain
from app.core.errors import Change, ChangedMeanwhile, Conflict, NotFound
from app.core.runtime import Workspace
from crm import facets
from crm.contacts import search_tokens
from crm.store import companies as store
from crm.store import contacts as contact_store

# So many that stand against deleting one are named.
_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """`domain` is that of its e-mail addresses and web site, such as `example.com`."""

    id: str
    name: str
    domain: str | None = None
    notes: str = ""
    created_at: datetime
    revision: int = 0


def id_for(ws: Workspace, name: str) -> str:
    """Of a company that is made under this name, whoever makes it first."""
    return ids.derived("cmp", ws.id, plain(name))


async def get(ws: Workspace, company_id: str) -> Company:
    """Raises NotFound."""
    found = await store.get(ws, company_id)
    if found is None:
        raise NotFound("There is no such company.")
    return found


async def create(ws: Workspace, name: str, *, domain: str | None = None) -> Company:
    """Raises Conflict if there is one of this name."""
    name = " ".join(name.split())
    company = Company(id=id_for(ws, name), name=name, domain=domain_of(domain), created_at=ws.clock.now())
    if await store.named(ws, name):
        raise _taken(name)
    if not await store.insert(ws, company, search_tokens(name, company.domain or "")):
        # It was made under this name and is called otherwise now.
        company = replace(company, id=ids.new("cmp"))
        await store.insert(ws, company, search_tokens(name, company.domain or ""))
    return company


async def edit(
    ws: Workspace,
    company_id: str,
    *,
    name: str | None = None,
    domain: str | None = None,
    notes: str | None = None,
    revision: int | None = None,
) -> Company:
    """`domain` empty: none. Raises NotFound, Conflict, ChangedMeanwhile."""
    now = await get(ws, company_id)
    if revision is not None and revision != now.revision:
        raise ChangedMeanwhile("A colleague has just changed this company. Look at it again.", Change("company"))
    wanted = replace(
        now,
        name=" ".join((name or now.name).split()),
        domain=now.domain if domain is None else domain_of(domain),
        notes=now.notes if notes is None else notes,
        revision=now.revision + 1,
    )
    if any(each.id != now.id for each in await store.named(ws, wanted.name)):
        raise _taken(wanted.name)
    if not await store.save(ws, wanted, search_tokens(wanted.name, wanted.domain or "")):
        raise ChangedMeanwhile("A colleague has just changed this company. Look at it again.", Change("company"))
    return wanted


async def delete(ws: Workspace, company_id: str) -> Company:
    """Raises NotFound; Conflict while contacts work for it."""
    company = await get(ws, company_id)
    found = await contact_store.newest(ws, facets.word("company", company.id), before=None, limit=_SHOWN)
    if found:
        names = ", ".join(contact.name for contact in found[:3])
        more = " and others" if len(found) > 3 else ""
        raise Conflict(f"{names}{more} belong to this company; take them out of it first.", code="in_use")
    await store.delete(ws, company_id)
    return company


async def page(ws: Workspace, *, after: str | None, limit: int) -> list[Company]:
    """By name; `after` is the key of the last one (see `key`)."""
    return await store.page(ws, after=after, limit=limit)


async def matching(ws: Workspace, words: str, *, limit: int) -> list[Company]:
    """Those with words in their name or domain that begin like these."""
    sought = search_tokens(words)
    return await store.matching(ws, sought, limit=limit) if sought else []


async def by_id(ws: Workspace, company_ids: Sequence[str]) -> dict[str, Company]:
    return await store.by_id(ws, company_ids)


def domain_of(given: str | None) -> str | None:
    """`example.com`, also of an address of the web."""
    text = (given or "").strip().casefold().removeprefix("https://").removeprefix("http://").removeprefix("www.")
    return text.partition("/")[0] or None


def _taken(name: str) -> Conflict:
    return Conflict(f"There is a company “{name}” already.", code="name_taken")
