"""
Invitations into the workspace, and accepting one.

In the public paths `{invitation}` is the one-time token of the link; where members manage invitations it is the id.
"""

from typing import Annotated

from pydantic import Field

from app.core import members, roles, sign_in
from app.core.clock import iso
from app.core.errors import Conflict, Invalid, NotFound
from app.core.permissions import Permission
from app.core.platform.members import Invitation
from web.api import sign_in as sign_in_api
from web.api.endpoint import Access, ApiRequest, Endpoint, PublicRequest
from web.api.models import Body, Out, Time
from web.api.shapes import Me, RoleId, tell_member


class Invite(Body):
    email: Annotated[str, Field(max_length=320)]
    role: RoleId


class Accept(Body):
    name: Annotated[str, Field(max_length=200)]
    password: Annotated[str, Field(max_length=1_000)]


class InvitationOut(Out):
    id: str
    email: str
    role: RoleId
    created_at: Time
    expires_at: Time


class NewInvitation(InvitationOut):
    link: str


class Invitations(Out):
    items: list[InvitationOut]
    next_cursor: str | None = None


class Offer(Out):
    email: str
    role: RoleId
    role_name: str
    workspace_name: str


async def invite(request: ApiRequest, body: Invite) -> NewInvitation:
    invited = await members.invite(request.ws, request.actor, email=body.email, role=body.role)
    link = f"{_base(request)}/invite/{invited.token}"
    return NewInvitation(**_fields(invited.invitation), link=link)


async def list_invitations(request: ApiRequest) -> Invitations:
    found = await members.invitations(request.ws)
    return Invitations(items=[InvitationOut(**_fields(invitation)) for invitation in found])


async def withdraw(request: ApiRequest, invitation: str) -> None:
    await members.withdraw_invitation(request.ws, request.actor, invitation)


async def show(request: PublicRequest, invitation: str) -> Offer:
    found, workspace = await members.invitation_of(request.runtime, invitation)
    role_name = await roles.name_of(request.runtime.workspace(workspace.id), found.role)
    return Offer(email=found.email, role=found.role, role_name=role_name, workspace_name=workspace.name)


async def accept(request: PublicRequest, invitation: str, body: Accept) -> Me:
    member = await members.accept_invitation(
        request.runtime, invitation, name=body.name, password=body.password, ip=request.ip
    )
    await tell_member(request.runtime.workspace(member.workspace_id), member)
    signed_in = await sign_in.start_session(request.runtime, member, ip=request.ip, user_agent=request.user_agent)
    return await sign_in_api.begin(request, signed_in)


def _base(request: ApiRequest) -> str:
    """Where the invited person reaches us: as configured, else as the inviting one did."""
    host = request.headers.get(b"host", b"").decode("latin-1")
    return request.runtime.settings.public_url or f"http://{host}"


def _fields(invitation: Invitation) -> dict[str, str]:
    return {
        "id": invitation.id,
        "email": invitation.email,
        "role": invitation.role,
        "created_at": iso(invitation.created_at) or "",
        "expires_at": iso(invitation.expires_at) or "",
    }


ENDPOINTS = [
    Endpoint("GET", "/invitations", list_invitations, Permission.MEMBERS_MANAGE, "Open invitations"),
    Endpoint(
        "POST",
        "/invitations",
        invite,
        Permission.MEMBERS_MANAGE,
        "Invite somebody",
        status=201,
        errors=(Invalid, Conflict),
    ),
    Endpoint("GET", "/invitations/{invitation}", show, Access.PUBLIC, "What an invitation is for", errors=(NotFound,)),
    Endpoint(
        "POST",
        "/invitations/{invitation}/accept",
        accept,
        Access.PUBLIC,
        "Accept an invitation",
        errors=(NotFound, Conflict, Invalid),
    ),
    Endpoint(
        "DELETE",
        "/invitations/{invitation}",
        withdraw,
        Permission.MEMBERS_MANAGE,
        "Withdraw an invitation",
        errors=(NotFound,),
    ),
]
