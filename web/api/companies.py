"""Companies: whom contacts work for."""

from typing import Annotated

from pydantic import Field

from app.core import alphabet, audit
from app.core.audit import Target
from app.core.clock import iso
from app.core.errors import ChangedMeanwhile, Conflict, NotFound
from app.core.permissions import Permission
from crm import companies
from crm.companies import Company
from inbox import live
from web.api import cursors
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Body, Out, Page, Time

_Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
_Domain = Annotated[str, Field(max_length=253)]


class CompanyOut(Out):
    id: str
    name: str
    domain: str | None
    notes: str
    created_at: Time
    revision: int


class CompanyPage(Out):
    items: list[CompanyOut]
    next_cursor: str | None


class CompaniesQuery(Page):
    q: Annotated[str | None, Field(max_length=200)] = None


class CreateCompany(Body):
    name: _Name
    domain: _Domain | None = None


class EditCompany(Body):
    """What is not sent stays; an empty domain is none."""

    name: _Name | None = None
    domain: _Domain | None = None
    notes: Annotated[str | None, Field(max_length=20_000)] = None
    revision: Annotated[int | None, Field(ge=0, le=2**53)] = None


def _shown(company: Company) -> CompanyOut:
    return CompanyOut(
        id=company.id,
        name=company.name,
        domain=company.domain,
        notes=company.notes,
        created_at=iso(company.created_at) or "",
        revision=company.revision,
    )


async def list_companies(request: ApiRequest, query: CompaniesQuery) -> CompanyPage:
    if query.q:
        found = await companies.matching(request.ws, query.q, limit=query.limit)
        return CompanyPage(items=[_shown(each) for each in found], next_cursor=None)
    (after,) = cursors.read(query.cursor, str) or (None,)
    found = await companies.page(request.ws, after=after, limit=query.limit)
    last = alphabet.key(found[-1].name, found[-1].id) if len(found) == query.limit else None
    return CompanyPage(items=[_shown(each) for each in found], next_cursor=cursors.write(last) if last else None)


async def create(request: ApiRequest, body: CreateCompany) -> CompanyOut:
    company = await companies.create(request.ws, body.name, domain=body.domain)
    return await _done(request, company, "company.created")


async def get(request: ApiRequest, company_id: str) -> CompanyOut:
    return _shown(await companies.get(request.ws, company_id))


async def edit(request: ApiRequest, company_id: str, body: EditCompany) -> CompanyOut:
    company = await companies.edit(
        request.ws, company_id, name=body.name, domain=body.domain, notes=body.notes, revision=body.revision
    )
    return await _done(request, company, "company.edited")


async def delete(request: ApiRequest, company_id: str) -> None:
    await _done(request, await companies.delete(request.ws, company_id), "company.deleted")


async def _done(request: ApiRequest, company: Company, action: str) -> CompanyOut:
    async with live.announced(request.ws, "company", company.id):
        await audit.record(request.ws, request.actor, action, Target("company", company.id, company.name))
        await live.publish(request.ws, live.event("company", {"id": company.id}))
    return _shown(company)


ENDPOINTS = [
    Endpoint("GET", "/companies", list_companies, Permission.CONTACTS_READ, "Companies by name, or those that match"),
    Endpoint("POST", "/companies", create, Permission.CONTACTS_WRITE, "Make a company", status=201, errors=(Conflict,)),
    Endpoint("GET", "/companies/{company_id}", get, Permission.CONTACTS_READ, "One company", errors=(NotFound,)),
    Endpoint(
        "PATCH",
        "/companies/{company_id}",
        edit,
        Permission.CONTACTS_WRITE,
        "Correct a company",
        errors=(NotFound, Conflict, ChangedMeanwhile),
    ),
    Endpoint(
        "DELETE",
        "/companies/{company_id}",
        delete,
        Permission.CONTACTS_WRITE,
        "Delete one that nobody belongs to",
        errors=(NotFound, Conflict),
    ),
]
