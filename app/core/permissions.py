"""
What each built-in role may do, in one table, and the Actor on whose behalf something is done.

A workspace's own roles are rows (see roles.py); either way a role comes down to Rights.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from app.core.errors import Forbidden


class Role(StrEnum):
    """The built-in roles. Wherever a role is named, the id of one of the workspace's own may stand too."""

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
    ARTICLES_MANAGE = "articles.manage"
    CONSENT_MANAGE = "consent.manage"
    PRIVACY_MANAGE = "privacy.manage"
    BROADCASTS_READ = "broadcasts.read"
    BROADCASTS_WRITE = "broadcasts.write"
    BROADCASTS_APPROVE = "broadcasts.approve"


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
        Permission.ARTICLES_MANAGE,
        Permission.CONSENT_MANAGE,
        Permission.BROADCASTS_READ,
        Permission.BROADCASTS_APPROVE,
    },
    Role.AGENT: _READ | {Permission.INBOX_REPLY, Permission.CONTACTS_WRITE},
    Role.MARKETER: _READ
    | {
        Permission.CONTACTS_WRITE,
        Permission.TEMPLATES_MANAGE,
        Permission.ARTICLES_MANAGE,
        Permission.CONSENT_MANAGE,
        Permission.BROADCASTS_READ,
        Permission.BROADCASTS_WRITE,
    },
    Role.READONLY: _READ,
}


class Scope(StrEnum):
    """Which conversations a role sees, and what hangs on them; see docs/access.md."""

    EVERYTHING = "everything"
    TEAMS = "teams"
    OWN = "own"


class Mask(StrEnum):
    """What of customers a role does not see."""

    PHONES = "phones"
    EMAILS = "emails"
    # Where people live: postal addresses, and locations that they shared.
    ADDRESSES = "addresses"


_WIDTH = {Scope.OWN: 0, Scope.TEAMS: 1, Scope.EVERYTHING: 2}


@dataclass(frozen=True, slots=True)
class Rights:
    """
    What somebody may do, see and read. `unclaimed`: with a narrower scope, also what neither a member nor a team has.
    """

    permissions: frozenset[Permission] = frozenset()
    scope: Scope = Scope.EVERYTHING
    unclaimed: bool = False
    masks: frozenset[Mask] = frozenset()

    def beyond(self, other: "Rights") -> list[str]:
        """What of these the other does not have, in words; empty: who has the other may give these."""
        found: list[str] = sorted(self.permissions - other.permissions)
        if _WIDTH[self.scope] > _WIDTH[other.scope]:
            found.append(f"the scope {self.scope.value}")
        elif other.scope is not Scope.EVERYTHING and self.unclaimed and not other.unclaimed:
            found.append("what nobody has")
        return found + [f"unmasked {mask.value}" for mask in sorted(other.masks - self.masks)]


RIGHTS: Mapping[str, Rights] = {role.value: Rights(permissions) for role, permissions in PERMISSIONS.items()}


@dataclass(frozen=True, slots=True)
class Actor:
    """
    Who does it: a signed-in member, an API token, or Parley itself.

    `role` is the id of their role. `member_id` is the person behind it: the member, or the member who made the token.
    """

    type: Literal["member", "token", "system"]
    id: str
    name: str
    role: str
    rights: Rights
    member_id: str = ""
    ip: str | None = None

    @property
    def permissions(self) -> frozenset[Permission]:
        return self.rights.permissions

    def may(self, permission: Permission) -> bool:
        return permission in self.rights.permissions

    def require(self, permission: Permission) -> None:
        """Raises Forbidden."""
        if permission not in self.rights.permissions:
            raise Forbidden(f"This needs the permission {permission.value}.")


SYSTEM = Actor("system", "system", "Parley", Role.OWNER, RIGHTS[Role.OWNER])
