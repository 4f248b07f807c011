"""Rows of the roles that workspaces have made. The rules about them are in app/core/roles.py."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.core import mongo
from app.core.permissions import RIGHTS, Mask, Permission, Rights, Scope

# What a person picks from in a list.
MOST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomRole:
    id: str
    workspace_id: str
    name: str
    description: str
    rights: Rights
    created_at: datetime
    revision: int = 1
    changed_by: str = ""


def _document(role: CustomRole) -> mongo.Document:
    return {
        "_id": role.id,
        "workspace_id": role.workspace_id,
        "name": role.name,
        "name_key": role.name.casefold(),
        "description": role.description,
        "permissions": sorted(role.rights.permissions),
        "scope": role.rights.scope.value,
        "unclaimed": role.rights.unclaimed,
        "masks": sorted(role.rights.masks),
        "created_at": role.created_at,
        "revision": role.revision,
        "changed_by": role.changed_by,
    }


def _role(row: mongo.Document) -> CustomRole:
    known = frozenset(Permission)
    return CustomRole(
        id=row["_id"],
        workspace_id=row["workspace_id"],
        name=row["name"],
        description=row["description"],
        rights=Rights(
            # A permission that a newer version has given up is no reason to keep somebody out.
            permissions=frozenset(Permission(name) for name in row["permissions"] if name in known),
            scope=Scope(row["scope"]),
            unclaimed=row["unclaimed"],
            masks=frozenset(map(Mask, row["masks"])),
        ),
        created_at=row["created_at"],
        revision=row["revision"],
        changed_by=row["changed_by"],
    )


async def insert(db: mongo.Database, role: CustomRole) -> None:
    """Raises mongo.DuplicateId when the workspace has a role of this name. Index: workspace_id, name_key."""
    await mongo.insert(db.roles, _document(role))


async def get(db: mongo.Database, workspace_id: str, role_id: str) -> CustomRole | None:
    """None also when it belongs to another workspace."""
    row = await db.roles.find_one({"_id": role_id, "workspace_id": workspace_id})
    return _role(row) if row else None


async def rights_of(db: mongo.Database, workspace_id: str, role_id: str) -> Rights | None:
    """Of any role, built in or not; None: there is no such role."""
    if role_id in RIGHTS:
        return RIGHTS[role_id]
    role = await get(db, workspace_id, role_id)
    return role.rights if role else None


async def of_workspace(db: mongo.Database, workspace_id: str) -> Sequence[CustomRole]:
    """All of them, by name. Index: workspace_id, name_key."""
    found = await db.roles.find({"workspace_id": workspace_id}).limit(MOST).to_list()
    return sorted((_role(row) for row in found), key=lambda role: role.name.casefold())


async def replace(db: mongo.Database, role: CustomRole) -> bool:
    """
    Writes it if the stored one is the revision before; whether it was.

    Raises mongo.DuplicateId when another has its name. Index: workspace_id, name_key.
    """
    where = {"_id": role.id, "workspace_id": role.workspace_id, "revision": role.revision - 1}
    return await mongo.update(db.roles, where, {"$set": {k: v for k, v in _document(role).items() if k != "_id"}})


async def delete(db: mongo.Database, workspace_id: str, role_id: str) -> bool:
    return (await db.roles.delete_one({"_id": role_id, "workspace_id": workspace_id})).deleted_count == 1
