"""
Where the short links of a mailing lead: one row for all of them, by the mailing's code, which nobody else has.

Read before a workspace is known. What is in a row is never changed, only added to: a link that was sent stays what it
was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.core import mongo


@dataclass(frozen=True, slots=True)
class ShortLinks:
    """`urls` by number; `tags` are added to each of them (utm_source and its like)."""

    code: str
    workspace_id: str
    mailing_id: str
    urls: tuple[str, ...]
    tags: Mapping[str, str]


async def get(db: mongo.Database, code: str) -> ShortLinks | None:
    row = await db.short_links.find_one({"_id": code})
    if row is None:
        return None
    return ShortLinks(code, row["workspace_id"], row["mailing_id"], tuple(row["urls"]), dict(row["tags"]))


async def insert(db: mongo.Database, links: ShortLinks) -> bool:
    """False if there is a row of this code."""
    row = {
        "_id": links.code,
        "workspace_id": links.workspace_id,
        "mailing_id": links.mailing_id,
        "urls": list(links.urls),
        "tags": dict(links.tags),
    }
    try:
        await mongo.insert(db.short_links, row)
    except mongo.DuplicateId:
        return False
    return True


async def add(db: mongo.Database, links: ShortLinks, urls: Sequence[str]) -> bool:
    """More addresses at the end; False if somebody else has added some meanwhile."""
    where = {"_id": links.code, "urls": list(links.urls)}
    return await mongo.update(db.short_links, where, {"$set": {"urls": [*links.urls, *urls]}})
