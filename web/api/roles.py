"""Roles: the built-in ones, and those that the workspace has made."""

from collections import Counter
from typing import Annotated

from pydantic import Field

from app.core import roles
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.permissions import RIGHTS, Mask, Permission, Rights, Scope
from app.core.platform import members as member_rows
from app.core.platform.roles import CustomRole
from app.core.roles import Wanted
from inbox import live
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Body, Out
from web.api.shapes import RoleId

_Name = Annotated[str, Field(max_length=200)]
_Description = Annotated[str, Field(max_length=roles.MOST_DESCRIPTION_CHARS)]
_Permissions = Annotated[list[Permission], Field(max_length=100)]
_Masks = Annotated[list[Mask], Field(max_length=10)]


class CreateRole(Body):
    """`unclaimed`: with a narrower scope, also the conversations that neither a member nor a team has."""

    name: _Name
    description: _Description = ""
    permissions: _Permissions
    scope: Scope = Scope.EVERYTHING
    unclaimed: bool = False
    masks: _Masks = Field(default_factory=list)


class ChangeRole(Body):
    """What is left out stays as it is; `revision` is the one that the person saw."""

    revision: Annotated[int, Field(ge=1, le=2**53)]
    name: _Name | None = None
    description: _Description | None = None
    permissions: _Permissions | None = None
    scope: Scope | None = None
    unclaimed: bool | None = None
    masks: _Masks | None = None


class RoleOut(Out):
    """`may_give`: the reader may give it to somebody, having at least as much; `revision` null: it is built in."""

    id: RoleId
    name: str
    description: str
    built_in: bool
    permissions: list[Permission]
    scope: Scope
    unclaimed: bool
    masks: list[Mask]
    members: int
    may_give: bool
    revision: int | None


class Roles(Out):
    """The built-in ones from the one that may most on, then the workspace's own by name."""

    items: list[RoleOut]


async def list_roles(request: ApiRequest) -> Roles:
    everybody = await member_rows.of_workspace(request.runtime.mongo, request.ws.id)
    having = Counter(member.role for member in everybody)
    items = [
        _out(request, role.value, name, description, RIGHTS[role], having[role.value], None)
        for role, (name, description) in roles.BUILT_IN.items()
    ]
    items += [_own(request, role, having[role.id]) for role in await roles.listed(request.ws)]
    return Roles(items=items)


def _own(request: ApiRequest, role: CustomRole, members: int) -> RoleOut:
    return _out(request, role.id, role.name, role.description, role.rights, members, role.revision)


def _out(
    request: ApiRequest, role_id: str, name: str, description: str, rights: Rights, members: int, revision: int | None
) -> RoleOut:
    return RoleOut(
        id=role_id,
        name=name,
        description=description,
        built_in=revision is None,
        permissions=sorted(rights.permissions),
        scope=rights.scope,
        unclaimed=rights.unclaimed,
        masks=sorted(rights.masks),
        members=members,
        may_give=not rights.beyond(request.actor.rights),
        revision=revision,
    )


async def create(request: ApiRequest, body: CreateRole) -> RoleOut:
    rights = Rights(frozenset(body.permissions), body.scope, body.unclaimed, frozenset(body.masks))
    role = await roles.create(request.ws, request.actor, Wanted(body.name, body.description, rights))
    await _tell(request, role.id)
    return _own(request, role, 0)


async def change(request: ApiRequest, role_id: str, body: ChangeRole) -> RoleOut:
    now = await roles.get(request.ws, role_id)
    rights = Rights(
        now.rights.permissions if body.permissions is None else frozenset(body.permissions),
        now.rights.scope if body.scope is None else body.scope,
        now.rights.unclaimed if body.unclaimed is None else body.unclaimed,
        now.rights.masks if body.masks is None else frozenset(body.masks),
    )
    name = now.name if body.name is None else body.name
    wanted = Wanted(name, now.description if body.description is None else body.description, rights)
    role, having = await roles.change(request.ws, request.actor, role_id, wanted, seen=body.revision)
    for member in having:
        request.sessions.forget(member.id)
    await _tell(request, role.id)
    return _own(request, role, len(having))


async def delete(request: ApiRequest, role_id: str) -> None:
    await roles.delete(request.ws, request.actor, role_id)
    await _tell(request, role_id)


async def _tell(request: ApiRequest, role_id: str) -> None:
    async with live.announced(request.ws, "role", role_id):
        await live.publish(request.ws, live.event("role", {"id": role_id}))


_MANAGE = Permission.MEMBERS_MANAGE

ENDPOINTS = [
    Endpoint("GET", "/roles", list_roles, Permission.MEMBERS_READ, "Roles, built in and the workspace's own"),
    Endpoint("POST", "/roles", create, _MANAGE, "Make a role", status=201, errors=(Invalid, Forbidden, Conflict)),
    Endpoint(
        "PATCH",
        "/roles/{role_id}",
        change,
        _MANAGE,
        "Change a role; takes effect at once for all who have it",
        errors=(NotFound, Invalid, Forbidden, Conflict),
    ),
    Endpoint(
        "DELETE",
        "/roles/{role_id}",
        delete,
        _MANAGE,
        "Delete a role that nobody has; 409 says who has it",
        errors=(NotFound, Forbidden, Conflict),
    ),
]
