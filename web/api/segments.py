"""Segments: groups of contacts that a rule describes, who is in them, and how many."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict

from app.core import audit, rules
from app.core.audit import Target
from app.core.clock import iso
from app.core.errors import ChangedMeanwhile, Conflict, Invalid, NotFound
from app.core.permissions import Permission
from automations import segments
from automations.segments import CURVE_DAYS, Segment, State
from crm import masks
from crm.store import contacts as contact_store
from inbox import access, live
from web.api import contacts, cursors
from web.api.endpoint import ApiRequest, Endpoint
from web.api.inbox_shapes import ContactPage, ContactRow
from web.api.lists import ContactListOut
from web.api.lists import shown as shown_list
from web.api.models import Body, FreeForm, Out, Page, Query, Time
from web.api.rules import CatalogueOut, catalogue_out

_Name = Annotated[str, Field(min_length=1, max_length=segments.MOST_CHARS, pattern=r"\S")]
_Description = Annotated[str, Field(max_length=1_000)]
_Id = Annotated[str, Field(min_length=1, max_length=100)]


class SegmentDayOut(Out):
    day: str
    count: int


class SegmentOut(Out):
    """
    `count` is a guess as long as not `exact`. While it is worked out (`counting`), `done` tells which part of all
    contacts has been asked, 0 to 1. `curve`: how many there were at the end of each day that is known.
    """

    id: str
    name: str
    description: str
    rule: dict[str, Any]
    count: int
    exact: bool
    state: State
    done: float | None
    counted_at: Time | None
    curve: list[SegmentDayOut]
    created_at: Time
    updated_at: Time
    updated_by: str
    updated_by_name: str
    revision: int
    # It asks for a field or an event that is gone, and holds for nobody until it is changed.
    broken: bool


class Segments(Out):
    items: list[SegmentOut]
    next_cursor: str | None = None


class CreateSegment(Body):
    name: _Name
    rule: FreeForm
    description: _Description = ""


class EditSegment(Body):
    """What is not sent stays. `revision` is what the screen showed."""

    revision: Annotated[int, Field(ge=0, le=2**53)]
    name: _Name | None = None
    rule: FreeForm | None = None
    description: _Description | None = None


class TryRule(Body):
    """`segment_id`: the segment that it is to be the rule of, so that it cannot ask for itself."""

    rule: FreeForm
    segment_id: _Id | None = None


class RulePreview(TypedDict):
    """
    Not `exact`: a guess from `seen` contacts. The exact number is then being counted: the event `segment_preview` with
    this `id` tells it, or ask again.
    """

    id: str
    count: int
    exact: bool
    seen: int
    sample: list[ContactRow]


class OverlapQuery(Query):
    one: _Id
    other: _Id


class OverlapShape(TypedDict):
    """How many are in each and in both, and some who are in both."""

    one: int
    other: int
    both: int
    exact: bool
    sample: list[ContactRow]


class FreezeSegment(Body):
    name: _Name


class SegmentUseOut(Out):
    """What asks for the segment; `type` is a noun of the API."""

    type: str
    id: str
    name: str


class SegmentUses(Out):
    items: list[SegmentUseOut]


def _may_ask(request: ApiRequest, rule: FreeForm | None) -> None:
    """Raises Invalid where a rule would find out what is hidden from its author."""
    if not request.actor.rights.masks or rule is None:
        return
    for leaf in rules.leaves(rule):
        asked = leaf.get("field", "")
        if (asked == "name" or asked.startswith("fields.")) and masks.may_give_away(str(leaf.get("value", ""))):
            raise Invalid.field("rule", "Your role hides numbers and email addresses, so a rule cannot ask for them.")


async def list_segments(request: ApiRequest) -> Segments:
    return Segments(items=await _shown(request, await segments.every(request.ws)))


async def catalogue(request: ApiRequest) -> CatalogueOut:
    return catalogue_out(await segments.catalogue(request.ws, offered=True))


async def create(request: ApiRequest, body: CreateSegment) -> SegmentOut:
    checked = await segments.validated(request.ws, body.rule)
    _may_ask(request, dict(checked))
    made = await segments.create(
        request.ws, request.actor, name=body.name, rule=body.rule, description=body.description
    )
    return await _done(request, made, "segment.created", {"rule": dict(made.rule)})


async def get(request: ApiRequest, segment_id: str) -> SegmentOut:
    return (await _shown(request, [await segments.get(request.ws, segment_id)]))[0]


async def edit(request: ApiRequest, segment_id: str, body: EditSegment) -> SegmentOut:
    if body.rule is not None:
        await segments.get(request.ws, segment_id)
        checked = await segments.validated(request.ws, body.rule, segment_id=segment_id)
        _may_ask(request, dict(checked))
    changed = await segments.edit(
        request.ws,
        request.actor,
        segment_id,
        revision=body.revision,
        name=body.name,
        description=body.description,
        rule=body.rule,
    )
    return await _done(request, changed, "segment.edited", {"rule": dict(changed.rule)} if body.rule else {})


async def delete(request: ApiRequest, segment_id: str) -> None:
    await _done(request, await segments.delete(request.ws, segment_id), "segment.deleted", {})


async def _done(request: ApiRequest, segment: Segment, action: str, detail: dict[str, Any]) -> SegmentOut:
    ws = request.ws
    async with live.announced(ws, "segment", segment.id):
        await audit.record(ws, request.actor, action, Target("segment", segment.id, segment.name), detail)
        await live.publish(ws, live.event("segment", {"id": segment.id}))
    return (await _shown(request, [segment]))[0]


async def _shown(request: ApiRequest, found: Sequence[Segment]) -> list[SegmentOut]:
    known = await segments.catalogue(request.ws)
    now = request.ws.clock.now()
    days = [f"{now - timedelta(days=back):%Y-%m-%d}" for back in reversed(range(CURVE_DAYS))]
    shown = []
    for each in found:
        number = segments.count_of(each)
        building = each.building
        shown.append(
            SegmentOut(
                id=each.id,
                name=each.name,
                description=each.description,
                rule=dict(each.rule),
                count=number.number,
                exact=number.exact,
                state=each.state,
                done=round(segments.share_of_ids(building.cursor), 4) if building else None,
                counted_at=iso(each.counted_at),
                curve=[SegmentDayOut(day=day, count=count) for day, count in segments.curve(each, days)],
                created_at=iso(each.created_at) or "",
                updated_at=iso(each.updated_at) or "",
                updated_by=each.updated_by,
                updated_by_name=each.updated_by_name,
                revision=each.revision,
                broken=not segments.is_askable(known, each.rule),
            )
        )
    return shown


async def try_rule(request: ApiRequest, body: TryRule) -> RulePreview:
    checked = await segments.validated(request.ws, body.rule, segment_id=body.segment_id)
    _may_ask(request, dict(checked))
    found = await segments.preview(request.ws, checked)
    return {
        "id": found.id,
        "count": found.number,
        "exact": found.exact,
        "seen": found.seen,
        "sample": await _rows(request, found.sample),
    }


async def members(request: ApiRequest, segment_id: str, query: Page) -> ContactPage:
    ws = request.ws
    await segments.get(ws, segment_id)
    (after,) = cursors.read(query.cursor, str) or (None,)
    found = await segments.members(ws, segment_id, after=after, limit=query.limit)
    more = cursors.write(found[-1]) if len(found) == query.limit else None
    return {"items": await _rows(request, found), "next_cursor": more}


async def _rows(request: ApiRequest, contact_ids: Sequence[str]) -> list[ContactRow]:
    """Those of them that the caller sees, as lists show them."""
    known = await contact_store.contacts_by_id(request.ws, contact_ids)
    found = [known[each] for each in contact_ids if each in known]
    return await contacts.rows_of(request.ws, await access.visible_contacts(request.ws, request.actor, found))


async def overlap(request: ApiRequest, query: OverlapQuery) -> OverlapShape:
    found = await segments.overlap(request.ws, query.one, query.other)
    return {
        "one": found.one,
        "other": found.other,
        "both": found.both,
        "exact": found.exact,
        "sample": await _rows(request, found.sample),
    }


async def freeze(request: ApiRequest, segment_id: str, body: FreezeSegment) -> ContactListOut:
    ws = request.ws
    segment = await segments.get(ws, segment_id)
    made = await segments.freeze(ws, segment_id, body.name)
    async with live.announced(ws, "contact_list", made.id):
        target = Target("segment", segment.id, segment.name)
        await audit.record(ws, request.actor, "segment.frozen", target, {"list": made.id})
        await live.publish(ws, live.event("contact_list", {"id": made.id}))
    return shown_list(made)


async def uses(request: ApiRequest, segment_id: str) -> SegmentUses:
    await segments.get(request.ws, segment_id)
    found = await segments.uses(request.ws, segment_id)
    return SegmentUses(items=[SegmentUseOut(type=each.type, id=each.id, name=each.name) for each in found])


_READ, _WRITE = Permission.CONTACTS_READ, Permission.CONTACTS_WRITE
ENDPOINTS = [
    Endpoint("GET", "/segments", list_segments, _READ, "Segments, by name, and how many are in each"),
    Endpoint("POST", "/segments", create, _WRITE, "Make a segment", status=201, errors=(Invalid, Conflict)),
    Endpoint("GET", "/segments/catalogue", catalogue, _READ, "What the rule of a segment can ask"),
    Endpoint("POST", "/segments/preview", try_rule, _READ, "How many meet a rule, and some who do", errors=(Invalid,)),
    Endpoint(
        "GET", "/segments/overlap", overlap, _READ, "How many are in two segments, and some who are", errors=(NotFound,)
    ),
    Endpoint("GET", "/segments/{segment_id}", get, _READ, "One segment", errors=(NotFound,)),
    Endpoint(
        "PATCH",
        "/segments/{segment_id}",
        edit,
        _WRITE,
        "Change a segment: its name, or its rule",
        errors=(NotFound, Invalid, Conflict, ChangedMeanwhile),
    ),
    Endpoint(
        "DELETE",
        "/segments/{segment_id}",
        delete,
        _WRITE,
        "Delete one that nothing asks for",
        errors=(NotFound, Conflict),
    ),
    Endpoint("GET", "/segments/{segment_id}/members", members, _READ, "Who is in it now", errors=(NotFound,)),
    Endpoint("GET", "/segments/{segment_id}/uses", uses, _READ, "What asks for it", errors=(NotFound,)),
    Endpoint(
        "POST",
        "/segments/{segment_id}/freeze",
        freeze,
        _WRITE,
        "Put those who are in it now on a new list",
        status=201,
        errors=(NotFound, Conflict),
    ),
]
