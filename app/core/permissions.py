"""What each role may do, in one table, and the Actor on whose behalf something is done."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from app.core.errors import Forbidden


class Role(StrEnum):
    OWNER = "owner"
    ADMIN = "admin"
    SUPERVISOR = "supervisor"
    AGENT = "agent"
    MARKETER = "marketer"
    READONLY = "readonly"


class Permission(StrEnum):
    INBOX_READ = "inbox.read"
    INBOX_REPLY = "inbox.reply"
    INBOX_MANAGE = "inbox.manage"
    CONTACTS_READ = "contacts.read"
    CONTACTS_WRITE = "contacts.write"
    ACCOUNTS_READ = "accounts.read"
    ACCOUNTS_MANAGE = "accounts.manage"
    MEMBERS_READ = "members.read"
    MEMBERS_MANAGE = "members.manage"
    TEMPLATES_READ = "templates.read"
    TEMPLATES_MANAGE = "templates.manage"
    AUDIT_READ = "audit.read"
    TOKENS_MANAGE = "tokens.manage"
    WORKSPACE_MANAGE = "workspace.manage"
    OPERATIONS_MANAGE = "operations.manage"
    REPORTS_READ = "reports.read"


_READ = frozenset(
    {
        Permission.INBOX_READ,
        Permission.CONTACTS_READ,
        Permission.ACCOUNTS_READ,
        Permission.MEMBERS_READ,
        Permission.TEMPLATES_READ,
    }
)
_ALL = frozenset(Permission)

PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.OWNER: _ALL,
    Role.ADMIN: _ALL - {Permission.WORKSPACE_MANAGE},
    Role.SUPERVISOR: _READ
    | {
        Permission.INBOX_REPLY,
        Permission.INBOX_MANAGE,
        Permission.CONTACTS_WRITE,
        Permission.TEMPLATES_MANAGE,
        Permission.REPORTS_READ,
    },
    Role.AGENT: _READ | {Permission.INBOX_REPLY, Permission.CONTACTS_WRITE},
    Role.MARKETER: _READ | {Permission.CONTACTS_WRITE, Permission.TEMPLATES_MANAGE},
    Role.READONLY: _READ,
}


@dataclass(frozen=True, slots=True)
class Actor:
    """
    Who does it: a signed-in member, an API token, or Parley itself.

    `member_id` is the person behind it: the member, or the member who made the token.
    """

    type: Literal["member", "token", "system"]
    id: str
    name: str
    role: Role
    permissions: frozenset[Permission]
    member_id: str = ""
    ip: str | None = None

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions

    def require(self, permission: Permission) -> None:
        """Raises Forbidden."""
        if permission not in self.permissions:
            raise Forbidden(f"This needs the permission {permission.value}.")


SYSTEM = Actor("system", "system", "Parley", Role.OWNER, _ALL)


def may_manage(actor: Actor, role: Role) -> bool:
    """Whether the actor may invite, change or end a member of this role: only an owner touches owners."""
    return actor.may(Permission.MEMBERS_MANAGE) and (role is not Role.OWNER or actor.role is Role.OWNER)
