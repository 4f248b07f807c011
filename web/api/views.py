"""Saved views: one's own and shared ones."""

from typing import Annotated, Any

from pydantic import Field

from app.core import audit
from app.core.audit import Target
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.permissions import Permission
from app.core.queue import Lane
from crm import masks
from inbox import access, live
from inbox.finding import listing, views
from inbox.finding.tags import Colour
from inbox.finding.views import View
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Body, FreeForm, Out
from web.api.rules import CatalogueOut, catalogue_out

_Name = Annotated[str, Field(min_length=1, max_length=60, pattern=r"\S")]
_Icon = Annotated[str, Field(max_length=40)]


class ViewOut(Out):
    id: str
    name: str
    icon: str
    colour: str
    rule: dict[str, Any]
    shared: bool
    may_change: bool
    count: int
    # While it is being worked out: so many conversations of so many have been looked at.
    done: int | None
    of: int | None


class Views(Out):
    items: list[ViewOut]


class CreateView(Body):
    name: _Name
    rule: FreeForm
    shared: bool = False
    icon: _Icon = ""
    colour: Colour = "gray"


class EditView(Body):
    name: _Name | None = None
    rule: FreeForm | None = None
    icon: _Icon | None = None
    colour: Colour | None = None


class Arrange(Body):
    ids: Annotated[tuple[Annotated[str, Field(max_length=100)], ...], Field(max_length=views.MOST)]


async def list_views(request: ApiRequest) -> Views:
    return Views(items=await _shown(request, await views.visible(request.ws, request.actor.member_id)))


async def catalogue(request: ApiRequest) -> CatalogueOut:
    return catalogue_out(views.CATALOGUE)


def _may_ask(request: ApiRequest, rule: FreeForm | None) -> None:
    """Raises Invalid where a rule would find out what is hidden from its author."""
    if request.actor.rights.masks and masks.may_give_away(_asked(rule)):
        raise Invalid.field("rule", "Your role hides numbers and email addresses, so a view cannot ask for them.")


def _asked(rule: Any) -> str:
    """What a rule asks of names."""
    if isinstance(rule, dict):
        if rule.get("field") == "contact_name":
            return str(rule.get("value", ""))
        return " ".join(_asked(each) for each in rule.values())
    return " ".join(map(_asked, rule)) if isinstance(rule, list) else ""


async def create(request: ApiRequest, body: CreateView) -> ViewOut:
    _may_ask(request, body.rule)
    view = await views.create(
        request.ws,
        request.actor,
        name=body.name,
        rule=body.rule,
        shared=body.shared,
        icon=body.icon,
        colour=body.colour,
    )
    return await _done(request, view, "view.created", evaluate=True)


async def edit(request: ApiRequest, view_id: str, body: EditView) -> ViewOut:
    _may_ask(request, body.rule)
    view, evaluate = await views.edit(
        request.ws, request.actor, view_id, name=body.name, rule=body.rule, icon=body.icon, colour=body.colour
    )
    return await _done(request, view, "view.edited", evaluate=evaluate)


async def arrange(request: ApiRequest, body: Arrange) -> Views:
    await views.arrange(request.ws, request.actor, body.ids)
    await live.publish(request.ws, live.event("view", {"id": ""}))
    return await list_views(request)


async def delete(request: ApiRequest, view_id: str) -> None:
    view = await views.delete(request.ws, request.actor, view_id)
    await _done(request, view, "view.deleted", evaluate=True)


async def _done(request: ApiRequest, view: View, action: str, *, evaluate: bool) -> ViewOut:
    ws = request.ws
    async with live.announced(ws, "view", view.id):
        if view.owner_id is None:
            await audit.record(ws, request.actor, action, Target("view", view.id, view.name), {"rule": dict(view.rule)})
        await live.publish(ws, live.event("view", {"id": view.id}))
        if evaluate:
            await ws.queue.enqueue("evaluate_view", ws.id, view.id, lane=Lane.BACKGROUND)
    return (await _shown(request, [view]))[0]


async def _shown(request: ApiRequest, found: list[View]) -> list[ViewOut]:
    manages = request.actor.may(Permission.INBOX_MANAGE)
    sight = await access.sight(request.ws, request.actor)
    numbers = (await listing.counts(request.ws, sight, [view.id for view in found])).of if found else {}
    return [
        ViewOut(
            id=view.id,
            name=view.name,
            icon=view.icon,
            colour=view.colour,
            rule=dict(view.rule),
            shared=view.owner_id is None,
            may_change=view.owner_id is not None or manages,
            count=numbers[view.id],
            done=view.done,
            of=view.of,
        )
        for view in found
    ]


ENDPOINTS = [
    Endpoint("GET", "/views", list_views, Permission.INBOX_READ, "Shared views and one's own, in order"),
    Endpoint("GET", "/views/catalogue", catalogue, Permission.INBOX_READ, "What the rule of a view can ask"),
    Endpoint(
        "POST",
        "/views",
        create,
        Permission.INBOX_READ,
        "Save a view; a shared one needs inbox.manage",
        status=201,
        errors=(Invalid, Forbidden, Conflict),
    ),
    Endpoint("POST", "/views/order", arrange, Permission.INBOX_READ, "Put views in an order"),
    Endpoint(
        "PATCH",
        "/views/{view_id}",
        edit,
        Permission.INBOX_READ,
        "Rename a view, or change its rule",
        errors=(NotFound, Invalid, Forbidden),
    ),
    Endpoint(
        "DELETE", "/views/{view_id}", delete, Permission.INBOX_READ, "Delete a view", errors=(NotFound, Forbidden)
    ),
]
