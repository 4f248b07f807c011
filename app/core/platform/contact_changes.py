"""Contacts that have changed and have still to be looked at, over all workspaces."""

from datetime import datetime

from app.core.mongo import Document
from app.core.runtime import Runtime


async def older_than(runtime: Runtime, at: datetime, *, most: int) -> list[Document]:
    """Index: at. It holds work alone."""
    return await runtime.mongo.contact_changes.find({"at": {"$lt": at}}).limit(most).to_list()
