"""Broadcasts: written, looked at, approved, and watched on their way."""

from contextlib import suppress
from datetime import datetime
from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from app.core.errors import ChangedMeanwhile, Conflict, Forbidden, Invalid, NotFound
from app.core.permissions import Actor, Permission, Scope
from app.core.runtime import Workspace
from automations import approvals, audiences, broadcasts, calendar, checks, placing, steering, trials
from automations.approvals import Settings
from automations.broadcasts import Broadcast, State
from automations.plans import Audience, Plan
from crm import contacts
from crm.store import contacts as contact_rows
from inbox import access, allowances, present
from inbox.allowances import Standing
from inbox.answering import previews
from inbox.mailings import words
from web.api import cursors
from web.api.broadcast_shapes import (
    BroadcastCheckOut,
    BroadcastOut,
    BroadcastPage,
    CheckPeople,
    CheckPersonOut,
    EditBroadcast,
    check_out,
    out,
    row_out,
)
from web.api.contacts import rows_of
from web.api.endpoint import ApiRequest, Endpoint
from web.api.inbox_shapes import ContactRow
from web.api.models import Body, Out, Page, Query
from web.api.previews import MessagePreviewOut, preview_out


class BroadcastsQuery(Page):
    state: State | None = None


class CountAudience(Body):
    audience: Audience


class AudienceSize(TypedDict):
    """`exact` False: worked out from the first thousands. What the gate will say is not looked at here."""

    count: int
    exact: bool
    sample: list[ContactRow]


class CheckPeopleQuery(Page):
    """`reason` "" are those who get it."""

    reason: Annotated[str, Field(max_length=60)] = ""


class PreviewQuery(Query):
    """Without a contact: as it is for somebody of whom nothing is known."""

    contact_id: Annotated[str | None, Field(max_length=100)] = None
    variant: Annotated[str | None, Field(max_length=10)] = None


class BroadcastPreviewOut(MessagePreviewOut):
    """
    `missing` are variables that this person has no value for; with any they would get nothing. `footer` is the line
    below it that says how it ends, where they are to read that; it is in the text already. `untracked` are
    addresses, or what they begin with, of which clicks are not counted.
    """

    contact_id: str | None
    variant: str
    language: str
    missing: tuple[str, ...]
    footer: str
    untracked: tuple[str, ...]


class TestBroadcast(Body):
    """Who gets it now, as a test: contacts by id, such as colleagues'. The gate is asked for each."""

    contact_ids: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=100)], ...], Field(min_length=1, max_length=10)
    ]
    variant: Annotated[str | None, Field(max_length=10)] = None


class TestedOut(Out):
    """`entry_id` null: it was not sent; `reason` says why."""

    contact_id: str
    entry_id: str | None
    reason: str | None


class TestsOut(Out):
    items: list[TestedOut]


class ApproveBroadcast(Body):
    """`revision` is what was looked at: what changed since has to be looked at again."""

    revision: Annotated[int, Field(ge=0, le=2**53)]


class SendBack(Body):
    note: Annotated[str, Field(max_length=1_000)] = ""


class BroadcastSettings(Body):
    """All of it at once; `revision` is that of the settings that the caller saw. Costs are in hundredths."""

    people_above: Annotated[int | None, Field(ge=0, le=10**9)]
    cost_above_minor: Annotated[int | None, Field(ge=0, le=2**40)]
    revision: Annotated[int, Field(ge=0, le=2**53)]


class BroadcastSettingsOut(Out):
    people_above: int | None
    cost_above_minor: int | None
    revision: int


async def shown(ws: Workspace, actor: Actor, now: Broadcast) -> BroadcastOut:
    known = await present.accounts_by_id(ws)
    return out(now, actor, known, await checks.latest(ws, now.id))


def require_whole_sight(actor: Actor) -> None:
    """Names of people are for who sees everybody: they would learn whom we know otherwise. Raises Forbidden."""
    if actor.rights.scope is not Scope.EVERYTHING:
        raise Forbidden("Who gets a broadcast is shown to those who see all contacts.")


async def list_broadcasts(request: ApiRequest, query: BroadcastsQuery) -> BroadcastPage:
    ws = request.ws
    before = cursors.read(query.cursor, datetime, str)
    where = (before[0], before[1]) if before else None
    rows = await broadcasts.page(ws, state=query.state, before=where, limit=query.limit + 1)
    shown_rows = rows[: query.limit]
    known = await present.accounts_by_id(ws)
    checked = await checks.latest_of(ws, [row.id for row in shown_rows])
    more = cursors.write(shown_rows[-1].created_at, shown_rows[-1].id) if len(rows) > query.limit else None
    return BroadcastPage(items=[row_out(row, known, checked.get(row.id)) for row in shown_rows], next_cursor=more)


async def create(request: ApiRequest, body: Plan) -> BroadcastOut:
    return await shown(request.ws, request.actor, await broadcasts.create(request.ws, request.actor, body))


async def get(request: ApiRequest, broadcast_id: str) -> BroadcastOut:
    return await shown(request.ws, request.actor, await broadcasts.get(request.ws, broadcast_id))


async def edit(request: ApiRequest, broadcast_id: str, body: EditBroadcast) -> BroadcastOut:
    given = {name: getattr(body, name) for name in body.model_fields_set if name != "revision"}
    if "name" in given and not given["name"].strip():
        raise Invalid.field("name", "Give it a name.")
    now = await broadcasts.edit(request.ws, request.actor, broadcast_id, given, seen=body.revision)
    if now.started is not None:
        await steering.adjust(request.ws, now)
    return await shown(request.ws, request.actor, now)


async def remove(request: ApiRequest, broadcast_id: str) -> None:
    await broadcasts.delete(request.ws, request.actor, broadcast_id)


async def clone(request: ApiRequest, broadcast_id: str) -> BroadcastOut:
    return await shown(request.ws, request.actor, await broadcasts.clone(request.ws, request.actor, broadcast_id))


# --- before it goes -----------------------------------------------------------------------------------------------


async def count_audience(request: ApiRequest, body: CountAudience) -> AudienceSize:
    await audiences.require(request.ws, body.audience)
    found = await audiences.size(request.ws, body.audience)
    seen = await access.visible_contacts(request.ws, request.actor, found.sample)
    return {"count": found.count, "exact": found.exact, "sample": await rows_of(request.ws, seen)}


async def check(request: ApiRequest, broadcast_id: str) -> BroadcastCheckOut:
    now = await broadcasts.get(request.ws, broadcast_id)
    return await _check_shown(request, now, await checks.begin(request.ws, now))


async def get_check(request: ApiRequest, broadcast_id: str) -> BroadcastCheckOut:
    now = await broadcasts.get(request.ws, broadcast_id)
    found = await checks.latest(request.ws, broadcast_id)
    if found is None:
        raise NotFound("Nobody has looked yet at who gets it.")
    return await _check_shown(request, now, found)


async def _check_shown(request: ApiRequest, now: Broadcast, found: checks.Check) -> BroadcastCheckOut:
    fresh = found.plan == checks.plan_key(now.plan)
    approval = await approvals.needed(request.ws, now) if fresh and found.state == "ready" else None
    settled = fresh and found.state == "ready"
    others = await calendar.with_others(request.ws, now) if settled else None
    standing = await _standing(request.ws, now)
    return check_out(found, now, fresh=fresh, approval=approval, standing=standing, others=others)


async def _standing(ws: Workspace, now: Broadcast) -> Standing | None:
    """How many people its sender may still write to first, where that is limited and counts for it."""
    contents = (wording.content for variant in now.plan.variants for wording in variant.wordings)
    if now.plan.account_id is None or not any(allowances.counts(each) for each in contents if each):
        return None
    with suppress(NotFound):
        return await allowances.standing(ws, now.plan.account_id)
    return None


async def check_people(request: ApiRequest, broadcast_id: str, query: CheckPeopleQuery) -> CheckPeople:
    ws = request.ws
    found = await checks.latest(ws, broadcast_id)
    if found is None:
        raise NotFound("Nobody has looked yet at who gets it.")
    require_whole_sight(request.actor)
    key = cursors.read(query.cursor, int, int)
    rows, last = await checks.people(
        ws, found, query.reason, after=(key[0], key[1]) if key else None, limit=query.limit
    )
    known = await contacts.get_many(ws, [row.contact_id for row in rows])
    handles = await contact_rows.addresses_of_contacts(ws, [row.contact_id for row in rows])
    now = await broadcasts.get(ws, broadcast_id)
    account = (await present.accounts_by_id(ws)).get(now.plan.account_id or "")
    kind = account.kind if account else ""
    items = [
        CheckPersonOut(
            contact_id=row.contact_id,
            name=known[row.contact_id].name if row.contact_id in known else "",
            avatar_hue=contacts.hue(row.contact_id),
            address=next(
                (str(each.address) for each in handles.get(row.contact_id, ()) if each.address.kind == kind), ""
            ),
            reason=row.reason,
            detail=row.detail,
        )
        for row in rows
    ]
    return CheckPeople(items=items, next_cursor=cursors.write(*last) if last else None)


async def preview(request: ApiRequest, broadcast_id: str, query: PreviewQuery) -> BroadcastPreviewOut:
    ws = request.ws
    now = await broadcasts.get(ws, broadcast_id)
    contact = await access.contact(ws, request.actor, query.contact_id) if query.contact_id else None
    laid = await placing.layout(ws, now.plan)
    variant = now.plan.variant(query.variant or "").key
    placed = await placing.of_one(ws, laid, variant, contact, checks.purpose_of(now.plan, laid).value)
    pieces = placing.pieces(laid, placed)
    seen = await previews.of_pieces(ws, laid.account, placed.address, pieces, window_open=True)
    return BroadcastPreviewOut(
        **preview_out(seen).model_dump(),
        contact_id=contact.id if contact else None,
        variant=variant,
        language=placed.said.key if placed.said else "",
        missing=placed.missing,
        footer=placed.footer,
        untracked=words.untracked(ws, placed.said.compiled, tracks=now.plan.tracks) if placed.said else (),
    )


async def test(request: ApiRequest, broadcast_id: str, body: TestBroadcast) -> TestsOut:
    ws, actor = request.ws, request.actor
    now = await broadcasts.get(ws, broadcast_id)
    broadcasts.require_editor(actor, now)
    people = [await access.contact(ws, actor, contact_id) for contact_id in dict.fromkeys(body.contact_ids)]
    found = await trials.send(ws, actor, now, people, body.variant)
    return TestsOut(
        items=[TestedOut(contact_id=each.contact_id, entry_id=each.entry_id, reason=each.reason) for each in found]
    )


# --- yes and no ---------------------------------------------------------------------------------------------------


async def submit(request: ApiRequest, broadcast_id: str) -> BroadcastOut:
    return await shown(request.ws, request.actor, await approvals.submit(request.ws, request.actor, broadcast_id))


async def approve(request: ApiRequest, broadcast_id: str, body: ApproveBroadcast) -> BroadcastOut:
    now = await approvals.approve(request.ws, request.actor, broadcast_id, seen=body.revision)
    return await shown(request.ws, request.actor, now)


async def send_back(request: ApiRequest, broadcast_id: str, body: SendBack) -> BroadcastOut:
    now = await approvals.send_back(request.ws, request.actor, broadcast_id, body.note)
    return await shown(request.ws, request.actor, now)


async def get_settings(request: ApiRequest) -> BroadcastSettingsOut:
    return _settings(await approvals.settings(request.ws))


async def save_settings(request: ApiRequest, body: BroadcastSettings) -> BroadcastSettingsOut:
    wanted = Settings(body.people_above, body.cost_above_minor, body.revision)
    return _settings(await approvals.save(request.ws, request.actor, wanted))


def _settings(kept: Settings) -> BroadcastSettingsOut:
    return BroadcastSettingsOut(
        people_above=kept.people_above,
        cost_above_minor=kept.cost_above_minor,
        revision=kept.revision,
    )


_READ, _WRITE, _APPROVE = Permission.BROADCASTS_READ, Permission.BROADCASTS_WRITE, Permission.BROADCASTS_APPROVE
_ONE = "/broadcasts/{broadcast_id}"

ENDPOINTS = [
    Endpoint("GET", "/broadcasts", list_broadcasts, _READ, "Broadcasts, the newest first", errors=(Invalid,)),
    Endpoint("POST", "/broadcasts", create, _WRITE, "A new draft", status=201, errors=(Invalid,)),
    Endpoint(
        "POST",
        "/broadcasts/audience",
        count_audience,
        _READ,
        "About how many people an audience is, and a few of them",
        errors=(Invalid,),
        idempotent=False,
    ),
    Endpoint("GET", "/broadcasts/settings", get_settings, _READ, "When a second person has to approve"),
    Endpoint(
        "PUT",
        "/broadcasts/settings",
        save_settings,
        _APPROVE,
        "Settle when a second person has to approve",
        errors=(Invalid, ChangedMeanwhile),
    ),
    Endpoint("GET", _ONE, get, _READ, "One broadcast", errors=(NotFound,)),
    Endpoint(
        "PATCH",
        _ONE,
        edit,
        _WRITE,
        "Change it; one that was approved is a draft again",
        errors=(NotFound, Invalid, Forbidden, Conflict, ChangedMeanwhile),
    ),
    Endpoint("DELETE", _ONE, remove, _WRITE, "Delete a draft", errors=(NotFound, Forbidden, Conflict)),
    Endpoint("POST", f"{_ONE}/clone", clone, _WRITE, "A new draft like it", status=201, errors=(NotFound,)),
    Endpoint(
        "POST",
        f"{_ONE}/check",
        check,
        _READ,
        "Work out, in the background, who gets it, who does not and why, and what it costs",
        status=202,
        errors=(NotFound, Invalid, Conflict),
    ),
    Endpoint("GET", f"{_ONE}/check", get_check, _READ, "What the newest check says", errors=(NotFound,)),
    Endpoint(
        "GET",
        f"{_ONE}/check/people",
        check_people,
        _READ,
        "The people of one reason of the check",
        errors=(NotFound, Invalid, Forbidden),
    ),
    Endpoint(
        "GET",
        f"{_ONE}/preview",
        preview,
        _READ,
        "What it looks like for a contact, and what it costs",
        errors=(NotFound, Invalid, Conflict),
    ),
    Endpoint(
        "POST",
        f"{_ONE}/test",
        test,
        _WRITE,
        "Send it to a few people now, as a test",
        errors=(NotFound, Invalid, Forbidden, Conflict),
    ),
    Endpoint(
        "POST",
        f"{_ONE}/submit",
        submit,
        _WRITE,
        "It is ready: to be approved, or approved if nobody else has to look at it",
        errors=(NotFound, Invalid, Forbidden, Conflict, ChangedMeanwhile),
    ),
    Endpoint(
        "POST",
        f"{_ONE}/approve",
        approve,
        _APPROVE,
        "Say yes to it",
        errors=(NotFound, Invalid, Forbidden, Conflict, ChangedMeanwhile),
    ),
    Endpoint(
        "POST",
        f"{_ONE}/send-back",
        send_back,
        _APPROVE,
        "Say what has to be different",
        errors=(NotFound, Forbidden, Conflict, ChangedMeanwhile),
    ),
]
