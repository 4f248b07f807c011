"""
Signing in, sessions, and who stands behind a cookie or an API token.

A session is 256 random bits in a cookie; the database has only its hash. It ends 30 days after its last use, when it is
revoked, or when its member is disabled. Web processes remember for a few seconds whom a session belongs to; every
change that takes rights away is announced in Redis (`REVOKED`), so that they forget at once.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from redis.exceptions import RedisError

from app.core import audit, ids, passwords, throttle, two_factor
from app.core.audit import Target
from app.core.errors import Conflict, NotFound, SignedOut
from app.core.permissions import Actor, Rights
from app.core.platform import members as rows
from app.core.platform import roles as role_rows
from app.core.platform import workspaces
from app.core.platform.members import ApiToken, Member, Session
from app.core.platform.workspaces import WorkspaceRow
from app.core.runtime import Runtime, Workspace
from app.core.security import hash_token, random_token

SESSION_DAYS = 30
# Redis channel: the id of a member whose sessions, rights or tokens have changed.
REVOKED = "parley:revoked"

# How often a used session or token is marked as used: often enough to read, seldom enough to cost nothing.
_TOUCH_AFTER = timedelta(minutes=5)
_MOST_USER_AGENT_CHARS = 300


class WrongCredentials(SignedOut):
    title, code = "Wrong email or password", "wrong_credentials"


class TotpRequired(SignedOut):
    title, code = "A code is needed", "totp_required"


class ChooseWorkspace(Conflict):
    """The email and the password fit several workspaces; `extra` lists them."""

    title, code = "Choose a workspace", "choose_workspace"

    def __init__(self, choices: list[WorkspaceRow]) -> None:
        super().__init__("This email belongs to several workspaces.")
        self.extra = {"workspaces": [{"id": choice.id, "name": choice.name} for choice in choices]}


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who has proved who they are; `session` is None for an API token."""

    workspace_id: str
    actor: Actor
    session: Session | None = None


@dataclass(frozen=True, slots=True)
class SignedIn:
    member: Member
    session: Session
    # For the cookie; nowhere else.
    session_token: str


def normal_email(email: str) -> str:
    return email.strip().lower()


async def actor_of(runtime: Runtime, member: Member, ip: str | None = None) -> Actor:
    """The member with the rights that their role has now."""
    return Actor("member", member.id, member.name, member.role, await _rights(runtime, member), member.id, ip)


async def _rights(runtime: Runtime, member: Member) -> Rights:
    """Of their role; none at all, should it be gone."""
    return await role_rows.rights_of(runtime.mongo, member.workspace_id, member.role) or Rights()


async def sign_in(
    runtime: Runtime,
    *,
    email: str,
    password: str,
    code: str = "",
    workspace_id: str | None = None,
    ip: str,
    user_agent: str,
) -> SignedIn:
    """
    A new session for the member with this email and password, and code if they have a second factor.

    Raises WrongCredentials, TotpRequired, ChooseWorkspace (only after a right password), TooManyRequests, Unavailable.
    """
    email = normal_email(email)
    limits = (throttle.by_email(email), throttle.by_ip(ip))
    mark = await throttle.attempt(runtime.redis, limits)
    try:
        member = await _member_with_password(runtime, email, password, workspace_id)
        await _check_second_factor(runtime, member, code)
    except (TotpRequired, ChooseWorkspace):
        await throttle.give_back(runtime.redis, limits, mark)
        raise
    except WrongCredentials:
        runtime.log.info("sign_in_refused", ip=ip)
        raise
    await throttle.give_back(runtime.redis, limits, mark)
    await throttle.forget(runtime.redis, limits[:1])
    if passwords.is_outdated(member.password_hash):
        await rows.change(runtime.mongo, member.id, {"password_hash": await passwords.hash_of(password)})
    signed_in = await start_session(runtime, member, ip=ip, user_agent=user_agent)
    actor = await actor_of(runtime, member, ip)
    await audit.record(runtime.workspace(member.workspace_id), actor, "session.started", target_of(member))
    return signed_in


async def _member_with_password(runtime: Runtime, email: str, password: str, workspace_id: str | None) -> Member:
    known = [member for member in await rows.with_email(runtime.mongo, email) if member.status == "active"]
    if workspace_id is not None:
        known = [member for member in known if member.workspace_id == workspace_id]
    fitting = [member for member in known if await passwords.is_right(member.password_hash, password)]
    if not known:
        await passwords.is_right("", password)
    if not fitting:
        raise WrongCredentials("The email or the password is not right.")
    if len(fitting) > 1:
        raise ChooseWorkspace(await workspaces.get_many(runtime.mongo, [member.workspace_id for member in fitting]))
    return fitting[0]


async def _check_second_factor(runtime: Runtime, member: Member, code: str) -> None:
    if not member.totp_secret:
        return
    if not code:
        raise TotpRequired("Enter the code of your authenticator app.")
    if not await is_second_factor(runtime, member, code):
        raise WrongCredentials("The code is not right. Each code works once.")


async def is_second_factor(runtime: Runtime, member: Member, code: str) -> bool:
    """Whether it is a fresh code of the member's app, or an unused recovery code; uses it up."""
    secret = runtime.keyring.decrypt(member.totp_secret)["secret"]
    step = two_factor.matching_step(secret, code, runtime.clock.now().timestamp())
    if step is not None:
        return await rows.use_totp_step(runtime.mongo, member.id, step)
    return await rows.use_recovery_code(runtime.mongo, member.id, two_factor.recovery_hash(code))


async def start_session(runtime: Runtime, member: Member, *, ip: str, user_agent: str) -> SignedIn:
    """Always a new token: a token that a browser brought along is never taken over."""
    now = runtime.clock.now()
    token = random_token("ses")
    session = Session(
        token_hash=hash_token(token),
        id=ids.new("ses"),
        workspace_id=member.workspace_id,
        member_id=member.id,
        created_at=now,
        last_seen_at=now,
        expires_at=now + timedelta(days=SESSION_DAYS),
        ip=ip,
        user_agent=user_agent[:_MOST_USER_AGENT_CHARS],
    )
    open_sessions = await rows.sessions_of(runtime.mongo, member.id)
    if len(open_sessions) >= rows.MOST_SESSIONS:
        oldest = min(open_sessions, key=lambda session: session.last_seen_at)
        await rows.delete_sessions(runtime.mongo, member.id, session_id=oldest.id)
    await rows.insert_session(runtime.mongo, session)
    return SignedIn(member, session, token)


# --- who is it ---


async def by_session(runtime: Runtime, session_token: str) -> Principal | None:
    """Whose session this is, with the rights they have now; slides the session's end."""
    session = await rows.session(runtime.mongo, hash_token(session_token))
    now = runtime.clock.now()
    if session is None or session.expires_at <= now:
        return None
    member = await rows.get(runtime.mongo, session.member_id)
    if member is None or member.status != "active" or member.workspace_id != session.workspace_id:
        return None
    if now - session.last_seen_at > _TOUCH_AFTER:
        end = now + timedelta(days=SESSION_DAYS)
        await rows.touch_session(runtime.mongo, session.token_hash, seen_at=now, expires_at=end)
        await rows.change(runtime.mongo, member.id, {"last_seen_at": now})
    return Principal(member.workspace_id, await actor_of(runtime, member), session)


async def by_api_token(runtime: Runtime, api_token: str) -> Principal | None:
    """Whose token this is. It may do what its scopes say, as long as the member who made it may."""
    token = await rows.token(runtime.mongo, hash_token(api_token))
    if token is None:
        return None
    member = await rows.get(runtime.mongo, token.member_id)
    if member is None or member.status != "active" or member.workspace_id != token.workspace_id:
        return None
    now = runtime.clock.now()
    if token.last_used_at is None or now - token.last_used_at > _TOUCH_AFTER:
        await rows.touch_token(runtime.mongo, token.token_hash, used_at=now)
    return Principal(token.workspace_id, await _token_actor(runtime, token, member))


async def _token_actor(runtime: Runtime, token: ApiToken, member: Member) -> Actor:
    """What the token's scopes leave of the rights of who made it; it sees and reads what they do."""
    rights = await _rights(runtime, member)
    allowed = replace(rights, permissions=rights.permissions & frozenset(token.scopes))
    return Actor("token", token.id, token.name, member.role, allowed, member.id)


# --- ending ---


async def sign_out(ws: Workspace, actor: Actor, session: Session) -> None:
    await rows.delete_sessions(ws.runtime.mongo, session.member_id, session_id=session.id)
    await announce_revoked(ws.runtime, session.member_id)
    await audit.record(ws, actor, "session.ended", Target("member", actor.id, actor.name))


async def sessions(ws: Workspace, actor: Actor) -> list[Session]:
    """The member's own, the last used first."""
    now = ws.clock.now()
    found = [s for s in await rows.sessions_of(ws.runtime.mongo, actor.member_id) if s.expires_at > now]
    return sorted(found, key=lambda session: session.last_seen_at, reverse=True)


async def revoke_session(ws: Workspace, actor: Actor, session_id: str) -> None:
    """One of the member's own. Raises NotFound."""
    if not await rows.delete_sessions(ws.runtime.mongo, actor.member_id, session_id=session_id):
        raise NotFound("There is no such session.")
    await announce_revoked(ws.runtime, actor.member_id)
    await audit.record(ws, actor, "session.revoked", Target("session", session_id))


async def revoke_sessions(ws: Workspace, actor: Actor, member: Member, *, keep: Session | None = None) -> int:
    """All sessions of a member, save `keep`; how many they were."""
    count = await rows.delete_sessions(ws.runtime.mongo, member.id, keep=keep.token_hash if keep else None)
    await announce_revoked(ws.runtime, member.id)
    await audit.record(ws, actor, "sessions.revoked", target_of(member), {"count": count})
    return count


async def announce_revoked(runtime: Runtime, member_id: str) -> None:
    """Tells every web process to ask the database again about this member's sessions and tokens."""
    try:
        await runtime.redis.publish(REVOKED, member_id)
    except (RedisError, OSError, TimeoutError) as error:
        # Without Redis no web process remembers anybody (see web/auth.py), so nothing is left to forget.
        runtime.log.warning("revocation_not_announced", error=type(error).__name__)


def target_of(member: Member) -> Target:
    return Target("member", member.id, member.name)
