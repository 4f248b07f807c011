"""Signing in and out."""

from typing import Annotated

from pydantic import Field

from app.core import sign_in
from app.core.errors import TooManyRequests
from app.core.sign_in import ChooseWorkspace, SignedIn, TotpRequired, WrongCredentials
from web import auth
from web.api import me
from web.api.endpoint import Access, ApiRequest, Endpoint, PublicRequest
from web.api.models import Body
from web.api.shapes import Me


class SignIn(Body):
    email: Annotated[str, Field(max_length=320)]
    password: Annotated[str, Field(max_length=1_000)]
    totp: Annotated[str | None, Field(max_length=100, description="A code of the app, or a recovery code.")] = None
    workspace_id: Annotated[str | None, Field(max_length=200)] = None


async def login(request: PublicRequest, body: SignIn) -> Me:
    signed_in = await sign_in.sign_in(
        request.runtime,
        email=body.email,
        password=body.password,
        code=body.totp or "",
        workspace_id=body.workspace_id,
        ip=request.ip,
        user_agent=request.user_agent,
    )
    return await begin(request, signed_in)


async def logout(request: ApiRequest) -> None:
    await sign_in.sign_out(request.ws, request.actor, request.own_session)
    request.sessions.forget(request.actor.member_id)
    request.answer_headers.append(auth.clear_cookie(request.runtime.settings))


async def begin(request: PublicRequest, signed_in: SignedIn) -> Me:
    """Hands the browser its new session, and ends the one that it had before."""
    await _end_previous(request)
    request.answer_headers.append(auth.set_cookie(signed_in.session_token, request.runtime.settings))
    ws = request.runtime.workspace(signed_in.member.workspace_id)
    actor = await sign_in.actor_of(request.runtime, signed_in.member, request.ip)
    return await me.describe(ws, actor, signed_in.session)


async def _end_previous(request: PublicRequest) -> None:
    token = auth.session_cookie(request.headers)
    known = await request.sessions.by_cookie(token) if token else None
    if known is not None and known.principal.session is not None:
        await sign_in.sign_out(known.ws, known.principal.actor, known.principal.session)
        request.sessions.forget(known.principal.actor.member_id)


ENDPOINTS = [
    Endpoint(
        "POST",
        "/login",
        login,
        Access.PUBLIC,
        "Sign in",
        errors=(WrongCredentials, TotpRequired, ChooseWorkspace, TooManyRequests),
    ),
    Endpoint("POST", "/logout", logout, Access.MEMBER, "Sign out", idempotent=False),
]
