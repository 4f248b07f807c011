"""The businesses on this instance."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from app.core import mongo


@dataclass(frozen=True, slots=True)
class WorkspaceRow:
    id: str
    name: str
    created_at: datetime


async def insert(db: mongo.Database, row: WorkspaceRow) -> None:
    """Raises mongo.DuplicateId."""
    await mongo.insert(db.workspaces, {"_id": row.id, "name": row.name, "created_at": row.created_at})


async def get(db: mongo.Database, workspace_id: str) -> WorkspaceRow | None:
    document = await db.workspaces.find_one({"_id": workspace_id})
    return _row(document) if document else None


async def get_many(db: mongo.Database, workspace_ids: list[str]) -> list[WorkspaceRow]:
    """In no particular order; bounded by the caller."""
    return [_row(document) async for document in db.workspaces.find({"_id": {"$in": workspace_ids}})]


async def rename(db: mongo.Database, workspace_id: str, name: str) -> None:
    await db.workspaces.update_one({"_id": workspace_id}, {"$set": {"name": name}})


async def every(db: mongo.Database) -> AsyncIterator[WorkspaceRow]:
    """All of them, for work that visits each; not for requests."""
    async for document in db.workspaces.find({}):
        yield _row(document)


def _row(document: mongo.Document) -> WorkspaceRow:
    return WorkspaceRow(document["_id"], document["name"], document["created_at"])
