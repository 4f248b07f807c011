"""The signed-in member: profile, password, second factor, sessions."""

from typing import Annotated

from pydantic import Field

from app.core import members, presence, roles, sign_in
from app.core.clock import iso
from app.core.errors import Conflict, Invalid, NotFound, TooManyRequests
from app.core.permissions import Actor
from app.core.platform import workspaces
from app.core.platform.members import Session
from app.core.runtime import Workspace
from web import auth, pages
from web.api.endpoint import Access, ApiRequest, Endpoint, PublicRequest
from web.api.models import Body, FreeForm, Out, Time
from web.api.shapes import Me, MemberOut, WorkspaceOut, member_out, tell_member

Password = Annotated[str, Field(max_length=1_000)]


class ChangeProfile(Body):
    name: Annotated[str | None, Field(max_length=200)] = None
    preferences: FreeForm | None = None


class ChangePassword(Body):
    current: Password
    new: Password


class ConfirmTotp(Body):
    code: Annotated[str, Field(max_length=20)]


class DisableTotp(Body):
    password: Password


class TotpSetupOut(Out):
    secret: str
    uri: str
    qr_svg: str


class RecoveryCodes(Out):
    recovery_codes: list[str]


class SessionOut(Out):
    id: str
    current: bool
    created_at: Time
    last_seen_at: Time
    ip: str
    user_agent: str


class Sessions(Out):
    items: list[SessionOut]
    next_cursor: str | None = None


async def describe(ws: Workspace, actor: Actor, session: Session | None) -> Me:
    """Everything a screen needs to know about who uses it."""
    settings = ws.settings
    member = await members.get(ws, actor.member_id)
    workspace = await workspaces.get(ws.runtime.mongo, ws.id)
    there = await presence.of(ws, [member.id])
    return Me(
        member=member_out(member, there[member.id], own=True),
        workspace=WorkspaceOut(id=ws.id, name=workspace.name if workspace else ""),
        csrf=auth.csrf_value(session, ws.runtime.keyring) if session else "",
        role_name=await roles.name_of(ws, member.role),
        permissions=sorted(actor.permissions),
        scope=actor.rights.scope,
        unclaimed=actor.rights.unclaimed,
        masks=sorted(actor.rights.masks),
        demo=settings.demo,
        demo_phone_url=f"{settings.sandbox_url}/phone" if settings.demo and settings.sandbox_url else None,
        version=pages.version(),
    )


class CurrentSession(Out):
    me: Me | None


async def current(request: PublicRequest) -> CurrentSession:
    """What a page asks first. Being signed out is an answer here, and no error."""
    token = auth.session_cookie(request.headers)
    known = await request.sessions.by_cookie(token) if token else None
    if known is None:
        return CurrentSession(me=None)
    # The session slides on the server; the cookie has to follow.
    request.answer_headers.append(auth.set_cookie(token, request.runtime.settings))
    return CurrentSession(me=await describe(known.ws, known.principal.actor, known.principal.session))


async def show(request: ApiRequest) -> Me:
    token = auth.session_cookie(request.headers)
    if request.session is not None and token:
        # The session slides on the server; the cookie has to follow.
        request.answer_headers.append(auth.set_cookie(token, request.runtime.settings))
    return await describe(request.ws, request.actor, request.session)


async def change_profile(request: ApiRequest, body: ChangeProfile) -> MemberOut:
    member = await members.change_profile(request.ws, request.actor, name=body.name, preferences=body.preferences)
    if body.name is not None:
        request.sessions.forget(member.id)
        await tell_member(request.ws, member)
    there = await presence.of(request.ws, [member.id])
    return member_out(member, there[member.id], own=True)


async def change_password(request: ApiRequest, body: ChangePassword) -> None:
    await members.change_password(request.ws, request.actor, request.own_session, current=body.current, new=body.new)
    request.sessions.forget(request.actor.member_id)


async def start_totp(request: ApiRequest) -> TotpSetupOut:
    setup = await members.start_totp(request.ws, request.actor)
    return TotpSetupOut(secret=setup.secret, uri=setup.uri, qr_svg=setup.qr_svg)


async def confirm_totp(request: ApiRequest, body: ConfirmTotp) -> RecoveryCodes:
    codes = await members.confirm_totp(request.ws, request.actor, request.own_session, body.code)
    request.sessions.forget(request.actor.member_id)
    return RecoveryCodes(recovery_codes=codes)


async def disable_totp(request: ApiRequest, body: DisableTotp) -> None:
    await members.disable_totp(request.ws, request.actor, password=body.password)


async def list_sessions(request: ApiRequest) -> Sessions:
    own = request.own_session
    return Sessions(
        items=[
            SessionOut(
                id=session.id,
                current=session.id == own.id,
                created_at=iso(session.created_at) or "",
                last_seen_at=iso(session.last_seen_at) or "",
                ip=session.ip,
                user_agent=session.user_agent,
            )
            for session in await sign_in.sessions(request.ws, request.actor)
        ]
    )


async def revoke_session(request: ApiRequest, session_id: str) -> None:
    await sign_in.revoke_session(request.ws, request.actor, session_id)
    request.sessions.forget(request.actor.member_id)


async def revoke_other_sessions(request: ApiRequest) -> None:
    member = await members.get(request.ws, request.actor.member_id)
    await sign_in.revoke_sessions(request.ws, request.actor, member, keep=request.own_session)
    request.sessions.forget(member.id)


ENDPOINTS = [
    Endpoint("GET", "/session", current, Access.PUBLIC, "Who is signed in with this browser, if anybody"),
    Endpoint("GET", "/me", show, Access.SIGNED_IN, "Who is signed in"),
    Endpoint("PATCH", "/me", change_profile, Access.MEMBER, "Change name or preferences"),
    Endpoint(
        "POST", "/me/password", change_password, Access.MEMBER, "Change the password", errors=(Invalid, TooManyRequests)
    ),
    Endpoint("POST", "/me/totp/start", start_totp, Access.MEMBER, "Set up two-factor sign-in", errors=(Conflict,)),
    Endpoint(
        "POST",
        "/me/totp/confirm",
        confirm_totp,
        Access.MEMBER,
        "Turn two-factor sign-in on",
        errors=(Conflict, Invalid, TooManyRequests),
    ),
    Endpoint(
        "DELETE", "/me/totp", disable_totp, Access.MEMBER, "Turn two-factor sign-in off", errors=(TooManyRequests,)
    ),
    Endpoint("GET", "/me/sessions", list_sessions, Access.MEMBER, "Own sessions"),
    Endpoint("DELETE", "/me/sessions", revoke_other_sessions, Access.MEMBER, "End all other sessions"),
    Endpoint("DELETE", "/me/sessions/{session_id}", revoke_session, Access.MEMBER, "End a session", errors=(NotFound,)),
]
