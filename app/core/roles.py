"""
Roles: the built-in ones, and those that a workspace makes for itself.

Nobody gives what they do not have: a role that somebody makes, changes, deletes or gives to a member allows nothing,
shows nothing and unmasks nothing beyond their own rights. A change takes effect at once: whoever has the role is asked
for again by every web process (see sign_in.py).
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.core import audit, ids, mongo, sign_in
from app.core.audit import Target
from app.core.errors import Change, ChangedMeanwhile, Conflict, Forbidden, Invalid, NotFound
from app.core.permissions import RIGHTS, Actor, Permission, Rights, Role, Scope
from app.core.platform import members as member_rows
from app.core.platform import roles as rows
from app.core.platform.members import Invitation, Member
from app.core.platform.roles import CustomRole
from app.core.runtime import Workspace

BUILT_IN: Mapping[Role, tuple[str, str]] = {
    Role.OWNER: ("Owner", "Everything, including other owners and the workspace itself."),
    Role.ADMIN: ("Admin", "Everything but owners: channels, members, API tokens and the audit log."),
    Role.SUPERVISOR: (
        "Supervisor",
        "Answers customers, manages conversations of everybody, edits templates, approves broadcasts.",
    ),
    Role.AGENT: ("Agent", "Answers customers and edits contacts."),
    Role.MARKETER: (
        "Marketer",
        "Edits contacts and templates, sends broadcasts, reads conversations, does not answer.",
    ),
    Role.READONLY: ("Read-only", "Sees conversations and contacts, changes nothing."),
}
MOST_NAME_CHARS = 60
MOST_DESCRIPTION_CHARS = 300


class RoleInUse(Conflict):
    """`members` and `invitations` have it."""

    code = "in_use"

    def __init__(self, name: str, members: Sequence[Member], invitations: Sequence[Invitation]) -> None:
        who = [member.name for member in members] + [invitation.email for invitation in invitations]
        more = f" and {len(who) - 5} more" if len(who) > 5 else ""
        super().__init__(f"The role “{name}” is that of {', '.join(who[:5])}{more}. Give them another role first.")
        self.extra = {
            "members": [{"id": member.id, "name": member.name} for member in members],
            "invitations": [{"id": invitation.id, "email": invitation.email} for invitation in invitations],
        }


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person wants of a role."""

    name: str
    description: str
    rights: Rights


async def known(ws: Workspace) -> Mapping[str, Rights]:
    """The rights of every role of the workspace, by its id."""
    return {**RIGHTS, **{role.id: role.rights for role in await listed(ws)}}


async def holding(ws: Workspace, permission: Permission) -> list[Member]:
    """Active members who may do this."""
    everybody, rights = await asyncio.gather(member_rows.of_workspace(ws.runtime.mongo, ws.id), known(ws))
    return [m for m in everybody if m.status == "active" and permission in rights.get(m.role, Rights()).permissions]


async def listed(ws: Workspace) -> Sequence[CustomRole]:
    """The workspace's own, by name."""
    return await rows.of_workspace(ws.runtime.mongo, ws.id)


async def get(ws: Workspace, role_id: str) -> CustomRole:
    """One of the workspace's own. Raises NotFound."""
    role = await rows.get(ws.runtime.mongo, ws.id, role_id)
    if role is None:
        raise NotFound("There is no such role, or it is one that cannot be changed.")
    return role


async def name_of(ws: Workspace, role_id: str) -> str:
    """As people call it; "" of one that is gone."""
    if role_id in RIGHTS:
        return BUILT_IN[Role(role_id)][0]
    role = await rows.get(ws.runtime.mongo, ws.id, role_id)
    return role.name if role else ""


async def require_giving(ws: Workspace, actor: Actor, role_id: str) -> None:
    """Raises Invalid where there is no such role, and Forbidden where it is more than the actor has."""
    rights = await rows.rights_of(ws.runtime.mongo, ws.id, role_id)
    if rights is None:
        raise Invalid.field("role", "There is no such role.")
    _require_within(actor, rights)


async def require_over(ws: Workspace, actor: Actor, member: Member) -> None:
    """Raises Forbidden where a member has more than the actor, who may not touch them then."""
    _require_within(actor, await rows.rights_of(ws.runtime.mongo, ws.id, member.role) or Rights())


def _require_within(actor: Actor, rights: Rights) -> None:
    """Raises Forbidden."""
    if beyond := rights.beyond(actor.rights):
        raise Forbidden(f"You cannot give or take what you do not have: {', '.join(beyond)}.", code="beyond_own_rights")


# --- making and changing them -------------------------------------------------------------------------------------


async def create(ws: Workspace, actor: Actor, wanted: Wanted) -> CustomRole:
    """Raises Invalid, Forbidden, Conflict."""
    wanted = _checked(wanted)
    _require_within(actor, wanted.rights)
    if len(await listed(ws)) >= rows.MOST:
        raise Conflict(f"A workspace has at most {rows.MOST} roles of its own; delete one first.", code="too_many")
    role = CustomRole(
        id=ids.new("rol"),
        workspace_id=ws.id,
        name=wanted.name,
        description=wanted.description,
        rights=wanted.rights,
        created_at=ws.clock.now(),
        changed_by=actor.name,
    )
    try:
        await rows.insert(ws.runtime.mongo, role)
    except mongo.DuplicateId:
        raise _name_taken() from None
    await audit.record(ws, actor, "role.created", _target(role), _shown(role.rights))
    return role


async def change(
    ws: Workspace, actor: Actor, role_id: str, wanted: Wanted, *, seen: int
) -> tuple[CustomRole, list[Member]]:
    """
    The role as it is then, and who has it, if `seen` is still its revision.

    Raises NotFound, Invalid, Forbidden, ChangedMeanwhile.
    """
    before = await get(ws, role_id)
    wanted = _checked(wanted)
    _require_within(actor, before.rights)
    _require_within(actor, wanted.rights)
    after = replace(
        before,
        name=wanted.name,
        description=wanted.description,
        rights=wanted.rights,
        revision=seen + 1,
        changed_by=actor.name,
    )
    try:
        saved = await rows.replace(ws.runtime.mongo, after)
    except mongo.DuplicateId:
        raise _name_taken() from None
    if not saved:
        raise ChangedMeanwhile(
            f"{before.changed_by} has changed this role meanwhile. Look at it again first.",
            Change("role", name=before.changed_by),
        )
    having = await _members_with(ws, role_id)
    for member in having:
        await sign_in.announce_revoked(ws.runtime, member.id)
    detail = {"before": _shown(before.rights), "after": _shown(after.rights)} if before.rights != after.rights else {}
    await audit.record(ws, actor, "role.changed", _target(after), detail)
    return after, having


async def delete(ws: Workspace, actor: Actor, role_id: str) -> None:
    """Raises NotFound, Forbidden, and RoleInUse with whose role it is."""
    role = await get(ws, role_id)
    _require_within(actor, role.rights)
    await _require_unused(ws, role)
    if not await rows.delete(ws.runtime.mongo, ws.id, role_id):
        raise NotFound("There is no such role any more.")
    try:
        # Looked at again after it: somebody may have been given it at the same moment, and would have no rights at all.
        await _require_unused(ws, role)
    except RoleInUse:
        await rows.insert(ws.runtime.mongo, role)
        raise
    await audit.record(ws, actor, "role.deleted", _target(role))


async def _require_unused(ws: Workspace, role: CustomRole) -> None:
    """Raises RoleInUse."""
    members = await _members_with(ws, role.id)
    now = ws.clock.now()
    invited = [
        invitation
        for invitation in await member_rows.invitations_of(ws.runtime.mongo, ws.id)
        if invitation.role == role.id and invitation.expires_at > now
    ]
    if members or invited:
        raise RoleInUse(role.name, members, invited)


async def _members_with(ws: Workspace, role_id: str) -> list[Member]:
    return [member for member in await member_rows.of_workspace(ws.runtime.mongo, ws.id) if member.role == role_id]


def _checked(wanted: Wanted) -> Wanted:
    """Raises Invalid."""
    name = " ".join(wanted.name.split())
    if not 0 < len(name) <= MOST_NAME_CHARS:
        raise Invalid.field("name", f"Write a name of at most {MOST_NAME_CHARS} characters.")
    if name.casefold() in {built_in.casefold() for built_in, _ in BUILT_IN.values()}:
        raise Invalid.field("name", "A built-in role has this name; choose another.")
    if not wanted.rights.permissions:
        raise Invalid.field("permissions", "Choose at least one thing that the role may do.")
    everything = wanted.rights.scope is Scope.EVERYTHING
    rights = replace(wanted.rights, unclaimed=False) if everything else wanted.rights
    return Wanted(name, wanted.description.strip(), rights)


def _name_taken() -> Invalid:
    return Invalid.field("name", "There is already a role of this name.")


def _target(role: CustomRole) -> Target:
    return Target("role", role.id, role.name)


def _shown(rights: Rights) -> dict[str, Any]:
    return {
        "permissions": sorted(rights.permissions),
        "scope": rights.scope.value,
        "unclaimed": rights.unclaimed,
        "masks": sorted(rights.masks),
    }
