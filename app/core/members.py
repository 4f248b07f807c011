"""Members of a workspace: who they are, what they may do, how they come in, and what they change about themselves."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal

from app.core import audit, ids, mongo, passwords, qr, roles, sign_in, throttle, two_factor
from app.core.audit import Target
from app.core.errors import Conflict, Invalid, NotFound
from app.core.permissions import SYSTEM, Actor, Role
from app.core.platform import members as rows
from app.core.platform import workspaces
from app.core.platform.members import Invitation, Member, Session
from app.core.platform.workspaces import WorkspaceRow
from app.core.runtime import Runtime, Workspace
from app.core.security import hash_token, random_token
from app.core.sign_in import normal_email, target_of

INVITATION_DAYS = 7
MOST_NAME_CHARS = 100

_EMAIL = re.compile(r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]{1,189}\.[^@\s.\x00-\x1f]{2,63}")


@dataclass(frozen=True, slots=True)
class Invited:
    """A fresh invitation with its one-time token, which is shown once and stored only as a hash."""

    invitation: Invitation
    token: str


@dataclass(frozen=True, slots=True)
class TotpSetup:
    secret: str
    uri: str
    qr_svg: str


# --- workspaces and members ---


async def create_workspace(
    runtime: Runtime, *, name: str, owner_name: str, owner_email: str, password: str
) -> tuple[Workspace, Member]:
    """A new business with its first owner."""
    row = WorkspaceRow(ids.new("wsp"), _name(name), runtime.clock.now())
    ws = runtime.workspace(row.id)
    # The owner first: what stops their creation must not leave a workspace that nobody can enter.
    owner = await create(ws, SYSTEM, email=owner_email, name=owner_name, role=Role.OWNER, password=password)
    await workspaces.insert(runtime.mongo, row)
    await audit.record(ws, SYSTEM, "workspace.created", Target("workspace", row.id, row.name))
    return ws, owner


async def create(ws: Workspace, actor: Actor, *, email: str, name: str, role: str, password: str) -> Member:
    """Raises Invalid, Forbidden, or Conflict when the workspace has a member with this email."""
    await roles.require_giving(ws, actor, role)
    member = Member(
        id=ids.new("mem"),
        workspace_id=ws.id,
        email=_email(email),
        name=_name(name),
        role=role,
        password_hash=await passwords.hash_of(password),
        created_at=ws.clock.now(),
    )
    try:
        await rows.insert(ws.runtime.mongo, member)
    except mongo.DuplicateId:
        raise Conflict("There is already a member with this email.") from None
    await audit.record(ws, actor, "member.created", target_of(member), await _role_given(ws, role))
    return member


async def get(ws: Workspace, member_id: str) -> Member:
    """Raises NotFound."""
    member = await rows.get_in(ws.runtime.mongo, ws.id, member_id)
    if member is None:
        raise NotFound("There is no such member.")
    return member


async def page(ws: Workspace, *, after_email: str, limit: int) -> list[Member]:
    """In the order of their emails, after this one."""
    return await rows.page(ws.runtime.mongo, ws.id, after_email=after_email, limit=limit)


async def change(
    ws: Workspace,
    actor: Actor,
    member_id: str,
    *,
    role: str | None = None,
    status: Literal["active", "disabled"] | None = None,
) -> Member:
    """
    Give a member another role, or disable or enable them; takes effect at once, on every screen.

    Raises NotFound, Invalid, Forbidden, and Conflict when the workspace would be left without an owner.
    """
    before = await get(ws, member_id)
    changes: dict[str, Any] = {}
    if role is not None and role != before.role:
        changes["role"] = role
    if status is not None and status != before.status:
        changes["status"] = status
    await roles.require_over(ws, actor, before)
    if role is not None:
        await roles.require_giving(ws, actor, role)
    if not changes:
        return before
    expected = {"role": before.role, "status": before.status}
    if not await rows.change(ws.runtime.mongo, member_id, changes, **expected):
        raise Conflict("Somebody else has just changed this member. Please look again.")
    if before.role == Role.OWNER and not await _has_owner(ws):
        # Looked at after the change: two owners who step down at the same moment are both refused, never both let go.
        await rows.change(ws.runtime.mongo, member_id, expected)
        raise Conflict("A workspace needs an owner. Make somebody else an owner first.", code="last_owner")
    after = replace(before, **changes)
    if after.status == "disabled":
        await rows.delete_sessions(ws.runtime.mongo, member_id)
    await sign_in.announce_revoked(ws.runtime, member_id)
    given = await _role_given(ws, after.role) if "role" in changes else {}
    await audit.record(ws, actor, "member.changed", target_of(after), {**changes, **given})
    return after


async def sign_out_member(ws: Workspace, actor: Actor, member_id: str) -> None:
    """Ends all sessions of a member. Raises NotFound, Forbidden."""
    member = await get(ws, member_id)
    await roles.require_over(ws, actor, member)
    await sign_in.revoke_sessions(ws, actor, member)


async def _has_owner(ws: Workspace) -> bool:
    everyone = await rows.of_workspace(ws.runtime.mongo, ws.id)
    return any(member.role == Role.OWNER and member.status == "active" for member in everyone)


# --- invitations ---


async def invite(ws: Workspace, actor: Actor, *, email: str, role: str) -> Invited:
    """
    An invitation that its receiver may use once, within a week. An earlier one for the same email ends.

    Raises Forbidden, Invalid, and Conflict when they are a member already.
    """
    email = _email(email)
    await roles.require_giving(ws, actor, role)
    if any(member.workspace_id == ws.id for member in await rows.with_email(ws.runtime.mongo, email)):
        raise Conflict("There is already a member with this email.")
    for earlier in await rows.invitations_of(ws.runtime.mongo, ws.id):
        if earlier.email == email:
            await rows.take_invitation(ws.runtime.mongo, earlier.token_hash)
    token = random_token("inv")
    now = ws.clock.now()
    invitation = Invitation(
        token_hash=hash_token(token),
        id=ids.new("inv"),
        workspace_id=ws.id,
        email=email,
        role=role,
        invited_by=actor.member_id,
        created_at=now,
        expires_at=now + timedelta(days=INVITATION_DAYS),
    )
    await rows.insert_invitation(ws.runtime.mongo, invitation)
    target = Target("invitation", invitation.id, email)
    await audit.record(ws, actor, "invitation.created", target, await _role_given(ws, role))
    return Invited(invitation, token)


async def invitations(ws: Workspace) -> list[Invitation]:
    """Those that can still be used, the newest first."""
    now = ws.clock.now()
    found = [i for i in await rows.invitations_of(ws.runtime.mongo, ws.id) if i.expires_at > now]
    return sorted(found, key=lambda invitation: invitation.id, reverse=True)


async def withdraw_invitation(ws: Workspace, actor: Actor, invitation_id: str) -> None:
    """Raises NotFound."""
    if not await rows.delete_invitation(ws.runtime.mongo, ws.id, invitation_id):
        raise NotFound("There is no such invitation.")
    await audit.record(ws, actor, "invitation.withdrawn", Target("invitation", invitation_id))


async def invitation_of(runtime: Runtime, token: str) -> tuple[Invitation, WorkspaceRow]:
    """What this token invites to. Raises NotFound when it is wrong, used up, withdrawn or too old."""
    invitation = await rows.invitation(runtime.mongo, hash_token(token))
    workspace = await workspaces.get(runtime.mongo, invitation.workspace_id) if invitation else None
    if invitation is None or workspace is None or invitation.expires_at <= runtime.clock.now():
        raise NotFound("This invitation is no longer valid. Please ask for a new one.", code="invitation_not_valid")
    return invitation, workspace


async def accept_invitation(runtime: Runtime, token: str, *, name: str, password: str, ip: str) -> Member:
    """The new member. Raises NotFound, Invalid."""
    invitation, _ = await invitation_of(runtime, token)
    name = _name(name)
    password_hash = await passwords.hash_of(password)
    if not await rows.take_invitation(runtime.mongo, invitation.token_hash):
        raise NotFound("This invitation has just been used.", code="invitation_not_valid")
    ws = runtime.workspace(invitation.workspace_id)
    member = Member(
        id=ids.new("mem"),
        workspace_id=ws.id,
        email=invitation.email,
        name=name,
        role=invitation.role,
        password_hash=password_hash,
        created_at=ws.clock.now(),
    )
    try:
        await rows.insert(runtime.mongo, member)
    except mongo.DuplicateId:
        raise Conflict("There is already a member with this email.") from None
    detail = {**await _role_given(ws, member.role), "invitation_id": invitation.id}
    actor = await sign_in.actor_of(runtime, member, ip)
    await audit.record(ws, actor, "invitation.accepted", target_of(member), detail)
    return member


# --- what members change about themselves ---


async def change_profile(
    ws: Workspace, actor: Actor, *, name: str | None = None, preferences: Mapping[str, Any] | None = None
) -> Member:
    changes: dict[str, Any] = {}
    if name is not None:
        changes["name"] = _name(name)
    if preferences is not None:
        changes["preferences"] = dict(preferences)
    if changes:
        await rows.change(ws.runtime.mongo, actor.member_id, changes)
    member = await get(ws, actor.member_id)
    if "name" in changes:
        await sign_in.announce_revoked(ws.runtime, member.id)
        await audit.record(ws, actor, "member.renamed", target_of(member))
    return member


async def change_password(ws: Workspace, actor: Actor, session: Session, *, current: str, new: str) -> None:
    """Ends all other sessions. Raises Invalid, TooManyRequests."""
    member = await _confirmed(ws, actor, current, field="current")
    changes = {"password_hash": await passwords.hash_of(new)}
    await rows.change(ws.runtime.mongo, member.id, changes)
    await sign_in.revoke_sessions(ws, actor, member, keep=session)
    await audit.record(ws, actor, "member.password_changed", target_of(member))


async def start_totp(ws: Workspace, actor: Actor) -> TotpSetup:
    """A secret for an authenticator app; it counts from the first right code on. Raises Conflict."""
    member = await get(ws, actor.member_id)
    if member.totp_secret:
        raise Conflict("Two-factor sign-in is already on.")
    secret = two_factor.new_secret()
    sealed = ws.runtime.keyring.encrypt({"secret": secret})
    await rows.change(ws.runtime.mongo, member.id, {"totp_pending": sealed})
    uri = two_factor.uri(secret, member.email)
    return TotpSetup(secret, uri, qr.svg(uri))


async def confirm_totp(ws: Workspace, actor: Actor, session: Session, code: str) -> list[str]:
    """Turns the second factor on; the recovery codes, shown once. Ends all other sessions."""
    member = await get(ws, actor.member_id)
    if not member.totp_pending:
        raise Conflict("Start the set-up of two-factor sign-in first.")
    limit = throttle.by_member(member.id)
    mark = await throttle.attempt(ws.redis, [limit])
    secret = ws.runtime.keyring.decrypt(member.totp_pending)["secret"]
    step = two_factor.matching_step(secret, code, ws.clock.now().timestamp())
    if step is None:
        raise Invalid.field("code", "The code is not right. Is the clock of your phone right?")
    await throttle.give_back(ws.redis, [limit], mark)
    codes = two_factor.new_recovery_codes()
    changes = {
        "totp_secret": member.totp_pending,
        "totp_pending": "",
        "totp_step": step,
        "recovery_codes": [two_factor.recovery_hash(code) for code in codes],
    }
    if not await rows.change(ws.runtime.mongo, member.id, changes, totp_pending=member.totp_pending):
        raise Conflict("The set-up was started again meanwhile. Please use the newest code.")
    await sign_in.revoke_sessions(ws, actor, member, keep=session)
    await audit.record(ws, actor, "member.totp_enabled", target_of(member))
    return codes


async def disable_totp(ws: Workspace, actor: Actor, *, password: str) -> None:
    """Raises Invalid, TooManyRequests."""
    member = await _confirmed(ws, actor, password, field="password")
    changes = {"totp_secret": "", "totp_pending": "", "recovery_codes": []}
    await rows.change(ws.runtime.mongo, member.id, changes)
    await audit.record(ws, actor, "member.totp_disabled", target_of(member))


async def _confirmed(ws: Workspace, actor: Actor, password: str, *, field: str) -> Member:
    """The member behind the actor, who has just shown their password again."""
    member = await get(ws, actor.member_id)
    limit = throttle.by_member(member.id)
    mark = await throttle.attempt(ws.redis, [limit])
    if not await passwords.is_right(member.password_hash, password):
        raise Invalid.field(field, "This is not your password.")
    await throttle.give_back(ws.redis, [limit], mark)
    return member


async def _role_given(ws: Workspace, role: str) -> dict[str, str]:
    """For the audit trail, which still has to be read when the role has another name or none."""
    return {"role": role, "role_name": await roles.name_of(ws, role)}


def _name(name: str) -> str:
    name = " ".join("".join(c for c in name if c.isspace() or unicodedata.category(c) != "Cc").split())
    if not 0 < len(name) <= MOST_NAME_CHARS:
        raise Invalid.field("name", f"Write a name of at most {MOST_NAME_CHARS} characters.")
    return name


def _email(email: str) -> str:
    email = normal_email(email)
    if not _EMAIL.fullmatch(email):
        raise Invalid.field("email", "Write an email address such as ana@example.com.")
    return email
