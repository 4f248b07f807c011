"""API tokens."""

from typing import Annotated

from pydantic import Field

from app.core import api_tokens
from app.core.clock import iso
from app.core.errors import Conflict, NotFound
from app.core.permissions import Permission
from app.core.platform.members import ApiToken
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Body, Out, Time


class CreateToken(Body):
    name: Annotated[str, Field(max_length=200)]
    scopes: Annotated[list[Permission], Field(min_length=1, max_length=50)]


class TokenOut(Out):
    id: str
    name: str
    scopes: list[Permission]
    created_at: Time
    last_used_at: Time | None


class NewTokenOut(TokenOut):
    token: str


class Tokens(Out):
    items: list[TokenOut]
    next_cursor: str | None = None


async def list_tokens(request: ApiRequest) -> Tokens:
    return Tokens(items=[_out(token) for token in await api_tokens.of_workspace(request.ws)])


async def create(request: ApiRequest, body: CreateToken) -> NewTokenOut:
    made = await api_tokens.create(request.ws, request.actor, name=body.name, scopes=body.scopes)
    return NewTokenOut(**_out(made.token).model_dump(), token=made.secret)


async def delete(request: ApiRequest, token_id: str) -> None:
    member_id = await api_tokens.delete(request.ws, request.actor, token_id)
    request.sessions.forget(member_id)


def _out(token: ApiToken) -> TokenOut:
    return TokenOut(
        id=token.id,
        name=token.name,
        scopes=list(token.scopes),
        created_at=iso(token.created_at) or "",
        last_used_at=iso(token.last_used_at),
    )


ENDPOINTS = [
    Endpoint("GET", "/tokens", list_tokens, Permission.TOKENS_MANAGE, "API tokens of the workspace"),
    Endpoint("POST", "/tokens", create, Permission.TOKENS_MANAGE, "Make an API token", status=201, errors=(Conflict,)),
    Endpoint(
        "DELETE", "/tokens/{token_id}", delete, Permission.TOKENS_MANAGE, "Delete an API token", errors=(NotFound,)
    ),
]
