"""Tables of people: importing them step by step, and exporting them. Files go by web/tables.py."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from app.core.clock import iso
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.permissions import Permission
from crm import exports, fields, imports, rows
from crm.exports import Export
from crm.imports import Consent, Import, Options
from inbox.finding.people import Wanted
from web.api.contacts import ContactFilter
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Body, Out, Time

_Id = Annotated[str, Field(min_length=1, max_length=100)]


class ImportConsent(Body):
    """Evidence for everybody in the table who is to get marketing; `at` for all, or a column `consent_at` for each."""

    source: Annotated[str, Field(max_length=200)]
    wording: Annotated[str, Field(max_length=2_000)]
    at: AwareDatetime | None = None


class ContactImportOptions(Body):
    """
    `mapping` names for each column what it is, "" where it is left out; see `targets` of the import. `rule`: values
    that a contact has already stay (`fill`), are replaced, or nothing of them changes (`skip`).
    """

    mapping: Annotated[tuple[Annotated[str, Field(max_length=60)], ...], Field(max_length=200)]
    rule: imports.Rule = "fill"
    channels: Annotated[tuple[Literal["sms", "whatsapp"], ...], Field(max_length=2)] = ("sms",)
    list_id: _Id | None = None
    stage: Annotated[str | None, Field(max_length=40)] = None
    consent: ImportConsent | None = None


class ImportProblem(Out):
    row: int
    reason: str


class ImportTarget(Out):
    name: str
    label: str


class ContactImportOut(Out):
    """`share`, 0 to 1, is how far in the file it is; counts are of rows. `problems` are the first of those refused."""

    id: str
    name: str
    state: imports.State
    bytes: int
    encoding: str
    delimiter: str
    header: list[str]
    rows: list[list[str]]
    suggested: list[str]
    targets: list[ImportTarget]
    options: ContactImportOptions | None
    by_name: str
    created_at: Time
    finished_at: Time | None
    share: float
    read: int
    created: int
    updated: int
    unchanged: int
    refused: int
    consented: int
    problems: list[ImportProblem]
    why: str | None


class ContactImports(Out):
    items: list[ContactImportOut]


class ContactExportOut(Out):
    id: str
    label: str
    state: Literal["running", "done"]
    written: int
    by_name: str
    created_at: Time
    expires_at: Time | None


class ContactExports(Out):
    items: list[ContactExportOut]


class BeginContactExport(Body):
    """Those of a list at this moment; without a filter everybody. `label` says which, for people."""

    filter: ContactFilter | None = None
    label: Annotated[str, Field(max_length=200)] = "All contacts"


def _options(options: Options | None) -> ContactImportOptions | None:
    if options is None:
        return None
    said = options.consent
    return ContactImportOptions(
        mapping=options.mapping,
        rule=options.rule,
        channels=options.channels,  # type: ignore[arg-type]
        list_id=options.list_id,
        stage=options.stage,
        consent=ImportConsent(source=said.source, wording=said.wording, at=said.at) if said else None,
    )


async def shown(request: ApiRequest, now: Import) -> ContactImportOut:
    known = await fields.get(request.ws)
    return ContactImportOut(
        id=now.id,
        name=now.name,
        state=now.state,
        bytes=now.bytes,
        encoding=now.shape.encoding,
        delimiter=now.shape.delimiter,
        header=list(now.shape.header),
        rows=[list(row) for row in now.shape.rows],
        suggested=rows.suggested(known, now.shape.header),
        targets=[ImportTarget(name=name, label=label) for name, label in rows.targets(known).items()],
        options=_options(now.options),
        by_name=now.by_name,
        created_at=iso(now.created_at) or "",
        finished_at=iso(now.finished_at),
        share=now.share,
        read=now.read,
        created=now.created,
        updated=now.updated,
        unchanged=now.unchanged,
        refused=now.refused,
        consented=now.consented,
        problems=[ImportProblem(row=each.row, reason=each.reason) for each in now.problems],
        why=now.why,
    )


async def list_imports(request: ApiRequest) -> ContactImports:
    imports.require(request.actor)
    return ContactImports(items=[await shown(request, each) for each in await imports.latest(request.ws)])


async def get(request: ApiRequest, import_id: str) -> ContactImportOut:
    imports.require(request.actor)
    return await shown(request, await imports.get(request.ws, import_id))


async def check(request: ApiRequest, import_id: str, body: ContactImportOptions) -> ContactImportOut:
    return await shown(request, await imports.start(request.ws, request.actor, import_id, _read(body), dry=True))


async def start(request: ApiRequest, import_id: str, body: ContactImportOptions) -> ContactImportOut:
    return await shown(request, await imports.start(request.ws, request.actor, import_id, _read(body), dry=False))


def _read(body: ContactImportOptions) -> Options:
    said = body.consent
    return Options(
        mapping=body.mapping,
        rule=body.rule,
        channels=tuple(dict.fromkeys(body.channels)),
        list_id=body.list_id,
        stage=body.stage,
        consent=Consent(source=said.source, wording=said.wording, at=said.at) if said else None,
    )


async def cancel(request: ApiRequest, import_id: str) -> ContactImportOut:
    imports.require(request.actor)
    return await shown(request, await imports.cancel(request.ws, import_id))


def export_shown(now: Export) -> ContactExportOut:
    return ContactExportOut(
        id=now.id,
        label=now.label,
        state=now.state,
        written=now.written,
        by_name=now.by_name,
        created_at=iso(now.created_at) or "",
        expires_at=iso(now.expires_at),
    )


async def list_exports(request: ApiRequest) -> ContactExports:
    imports.require(request.actor)
    return ContactExports(items=[export_shown(each) for each in await exports.latest(request.ws)])


async def begin_export(request: ApiRequest, body: BeginContactExport) -> ContactExportOut:
    words = Wanted(**body.filter.model_dump()).words if body.filter is not None else []
    return export_shown(await exports.begin(request.ws, request.actor, words, body.label))


ENDPOINTS = [
    Endpoint("GET", "/imports", list_imports, Permission.CONTACTS_WRITE, "The newest imports", errors=(Forbidden,)),
    Endpoint(
        "GET",
        "/imports/{import_id}",
        get,
        Permission.CONTACTS_WRITE,
        "One import: what its file looks like, and how far it is",
        errors=(NotFound, Forbidden),
    ),
    Endpoint(
        "POST",
        "/imports/{import_id}/check",
        check,
        Permission.CONTACTS_WRITE,
        "Try it out: nothing is changed, and counts and problems are shown",
        status=202,
        errors=(NotFound, Invalid, Conflict, Forbidden),
    ),
    Endpoint(
        "POST",
        "/imports/{import_id}/start",
        start,
        Permission.CONTACTS_WRITE,
        "Do it, in the background",
        status=202,
        errors=(NotFound, Invalid, Conflict, Forbidden),
    ),
    Endpoint(
        "POST",
        "/imports/{import_id}/cancel",
        cancel,
        Permission.CONTACTS_WRITE,
        "Stop it; what was done stays done",
        errors=(NotFound, Conflict, Forbidden),
    ),
    Endpoint("GET", "/exports", list_exports, Permission.CONTACTS_WRITE, "The newest exports", errors=(Forbidden,)),
    Endpoint(
        "POST",
        "/exports",
        begin_export,
        Permission.CONTACTS_WRITE,
        "Write a table of contacts, in the background",
        status=202,
        errors=(Forbidden,),
    ),
]
