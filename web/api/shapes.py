"""How members look from outside; several endpoints answer with them."""

import zlib
from typing import Annotated, Literal

from pydantic import Field, JsonValue

from app.core import presence
from app.core.clock import iso
from app.core.permissions import Mask, Permission, Scope
from app.core.platform.members import Member
from app.core.presence import Presence
from app.core.runtime import Workspace
from inbox import live
from web.api.models import Out, Time

# A built-in role (owner, admin, supervisor, agent, marketer, readonly), or the id of one that the workspace has made.
RoleId = Annotated[str, Field(min_length=1, max_length=100)]


class MemberOut(Out):
    id: str
    name: str
    email: str
    role: RoleId
    avatar_hue: int
    totp_enabled: bool
    status: Literal["active", "disabled"]
    presence: Presence
    last_seen_at: Time | None
    preferences: dict[str, JsonValue] | None = None


class WorkspaceOut(Out):
    id: str
    name: str


class Me(Out):
    member: MemberOut
    workspace: WorkspaceOut
    csrf: str
    role_name: str
    permissions: list[Permission]
    # Which conversations are shown, and what of customers is not.
    scope: Scope
    unclaimed: bool
    masks: list[Mask]
    demo: bool
    demo_phone_url: str | None
    version: str


def member_out(member: Member, there: Presence, *, own: bool = False) -> MemberOut:
    """`own`: with what only the member needs to know."""
    return MemberOut(
        id=member.id,
        name=member.name,
        email=member.email,
        role=member.role,
        avatar_hue=avatar_hue(member.id),
        totp_enabled=bool(member.totp_secret),
        status=member.status,
        presence=there,
        last_seen_at=iso(member.last_seen_at),
        preferences=dict(member.preferences) if own else None,
    )


async def members_out(ws: Workspace, members: list[Member]) -> list[MemberOut]:
    there = await presence.of(ws, [member.id for member in members])
    return [member_out(member, there[member.id]) for member in members]


async def tell_member(ws: Workspace, member: Member) -> MemberOut:
    """Shows every screen a changed member; without Redis the sweeper does it later."""
    there = await presence.of(ws, [member.id])
    shown = member_out(member, there[member.id])
    async with live.announced(ws, "member", member.id):
        await live.publish(ws, live.event("member", shown.model_dump(mode="json")))
    return shown


def avatar_hue(subject_id: str) -> int:
    """A colour that stays with a person, 0 to 359 degrees."""
    return zlib.crc32(subject_id.encode()) % 360
