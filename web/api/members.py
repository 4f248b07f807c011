"""Members of the workspace."""

from typing import Literal

from app.core import members
from app.core.errors import Conflict, Invalid, NotFound
from app.core.permissions import Permission
from web.api import cursors
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Body, Out, Page
from web.api.shapes import MemberOut, RoleId, members_out, tell_member


class ChangeMember(Body):
    role: RoleId | None = None
    status: Literal["active", "disabled"] | None = None


class Members(Out):
    items: list[MemberOut]
    next_cursor: str | None


async def list_members(request: ApiRequest, query: Page) -> Members:
    (after,) = cursors.read(query.cursor, str) or ("",)
    found = await members.page(request.ws, after_email=after, limit=query.limit + 1)
    shown = found[: query.limit]
    next_cursor = cursors.write(shown[-1].email) if len(found) > query.limit else None
    return Members(items=await members_out(request.ws, shown), next_cursor=next_cursor)


async def change(request: ApiRequest, member_id: str, body: ChangeMember) -> MemberOut:
    member = await members.change(request.ws, request.actor, member_id, role=body.role, status=body.status)
    request.sessions.forget(member.id)
    return await tell_member(request.ws, member)


async def sign_out(request: ApiRequest, member_id: str) -> None:
    await members.sign_out_member(request.ws, request.actor, member_id)
    request.sessions.forget(member_id)


ENDPOINTS = [
    Endpoint("GET", "/members", list_members, Permission.MEMBERS_READ, "Members of the workspace"),
    Endpoint(
        "PATCH",
        "/members/{member_id}",
        change,
        Permission.MEMBERS_MANAGE,
        "Change a member's role or status",
        errors=(NotFound, Invalid, Conflict),
    ),
    Endpoint(
        "POST",
        "/members/{member_id}/sign-out",
        sign_out,
        Permission.MEMBERS_MANAGE,
        "End all sessions of a member",
        errors=(NotFound,),
    ),
]
