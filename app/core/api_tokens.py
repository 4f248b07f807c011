"""API tokens: `pat_…`, shown once, stored as a hash, allowed what their scopes say and their maker still may."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.core import audit, ids, sign_in
from app.core.audit import Target
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.permissions import Actor, Permission
from app.core.platform import members as rows
from app.core.platform.members import ApiToken
from app.core.runtime import Workspace
from app.core.security import hash_token, random_token

PREFIX = "pat"
MOST_TOKENS = 200
MOST_NAME_CHARS = 100


@dataclass(frozen=True, slots=True)
class NewToken:
    token: ApiToken
    # The token itself; it cannot be shown again.
    secret: str


async def create(ws: Workspace, actor: Actor, *, name: str, scopes: Sequence[Permission]) -> NewToken:
    """Raises Invalid, Conflict, and Forbidden for a scope that the actor does not have."""
    name = " ".join(name.split())
    if not 0 < len(name) <= MOST_NAME_CHARS:
        raise Invalid.field("name", f"Write a name of at most {MOST_NAME_CHARS} characters.")
    if not scopes:
        raise Invalid.field("scopes", "Choose at least one scope.")
    beyond = sorted(scope.value for scope in set(scopes) - actor.permissions)
    if beyond:
        raise Forbidden(f"You cannot give what you do not have: {', '.join(beyond)}.")
    if len(await rows.tokens_of(ws.runtime.mongo, ws.id)) >= MOST_TOKENS:
        raise Conflict(f"A workspace may have {MOST_TOKENS} tokens. Delete one that is no longer used.")
    secret = random_token(PREFIX)
    token = ApiToken(
        token_hash=hash_token(secret),
        id=ids.new("tok"),
        workspace_id=ws.id,
        member_id=actor.member_id,
        name=name,
        scopes=sorted(set(scopes)),
        created_at=ws.clock.now(),
    )
    await rows.insert_token(ws.runtime.mongo, token)
    await audit.record(ws, actor, "token.created", Target("token", token.id, name), {"scopes": list(token.scopes)})
    return NewToken(token, secret)


async def of_workspace(ws: Workspace) -> list[ApiToken]:
    """The newest first."""
    found = await rows.tokens_of(ws.runtime.mongo, ws.id)
    return sorted(found, key=lambda token: token.id, reverse=True)


async def delete(ws: Workspace, actor: Actor, token_id: str) -> str:
    """Ends a token at once; the id of the member who made it. Raises NotFound."""
    token = next((t for t in await rows.tokens_of(ws.runtime.mongo, ws.id) if t.id == token_id), None)
    if token is None or not await rows.delete_token(ws.runtime.mongo, ws.id, token_id):
        raise NotFound("There is no such token.")
    await sign_in.announce_revoked(ws.runtime, token.member_id)
    await audit.record(ws, actor, "token.deleted", Target("token", token.id, token.name))
    return token.member_id
