"""Contacts to be merged and parted, and everything that is stored of them."""

from typing import Any

from app.core.runtime import Workspace
from tests.support.shop import Shop, eventually

# What has happened leaves its mark: revisions and the numbers of entries go on, and so do duties (a finished episode is
# copied when it is ripe).
_MARKS = {"facts", "revision", "last_number", "woven", "finished", "due_at"}
_STORED = ("contacts", "addresses", "conversations", "tickets", "surveys", "deferred", "stories", "drafts")


async def stored(ws: Workspace) -> dict[str, dict[str, Any]]:
    """Every document of the workspace, without what a merge leaves behind on purpose."""
    found: dict[str, dict[str, Any]] = {}
    for name in _STORED:
        rows = await getattr(ws.db, name).find({}, limit=1_000)
        found[name] = {row["_id"]: {k: v for k, v in row.items() if k not in _MARKS} for row in rows}
    rows = await ws.db.entries.find({}, limit=10_000)
    keep = ("contact_id", "number", "content", "address", "status")
    found["entries"] = {
        row["_id"]: {k: row.get(k) for k in keep}
        for row in rows
        if not str((row.get("event") or {}).get("name")).startswith("contact_")
    }
    return found


def different(now: dict[str, dict[str, Any]], before: dict[str, dict[str, Any]]) -> list[Any]:
    """(collection, id, field, now, before) of what is not the same."""
    found: list[Any] = []
    for name, rows in before.items():
        for row_id in {*rows, *now[name]}:
            mine, theirs = now[name].get(row_id, {}), rows.get(row_id, {})
            fields = [f for f in {*mine, *theirs} if (mine.get(f) or None) != (theirs.get(f) or None)]
            found += [(name, row_id, field, mine.get(field), theirs.get(field)) for field in fields]
    return found


class Persons:
    """Contacts with a way to write each, made as the channels make them."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.ws = shop.runtime.workspace(shop.owner.ws.id)
        self.of: dict[str, str] = {}

    async def someone(self, name: str) -> tuple[str, dict[str, Any]]:
        """A contact who has written once on WhatsApp; its id, and the customer."""
        customer = await self.shop.customer(name=name)
        await self.shop.writes("whatsapp", customer["id"], type="text", text=f"Hello from {name}")
        thread = await self.shop.conversation_with(name)
        return thread["contact_id"], customer

    async def says(self, customer: dict[str, Any], text: str, *, channel: str = "whatsapp") -> dict[str, Any]:
        """Written, and on the timeline."""
        await self.shop.writes(channel, customer["id"], type="text", text=text)

        async def look() -> dict[str, Any] | None:
            found = await self.ws.db.entries.find({"content.text": text}, limit=1)
            return found[0] if found else None

        return await eventually(look)

    async def read(self, contact_id: str) -> list[str]:
        """The texts of a contact's whole timeline, page by page, oldest first."""
        texts: list[str] = []
        query: dict[str, Any] = {"limit": 12}
        while True:
            page = await self.shop.get(f"/contacts/{contact_id}/entries", **query)
            texts = [e["content"]["text"] for e in page["items"] if e["kind"] == "message"] + texts
            if not page["has_more"]:
                return texts
            query["before"] = page["items"][0]["number"]

    async def merge(self, into: str, other: str, **picks: str) -> str:
        seen = await self.shop.get(f"/contacts/{into}/merge", from_id=other, **picks)
        await self.shop.post(f"/contacts/{into}/merge", from_id=other, picks=picks, version=seen["version"])
        return await self.merge_of(into, other)

    async def merge_of(self, into: str, other: str) -> str:
        listed = await self.shop.get(f"/contacts/{into}/merges")
        return next(m["id"] for m in listed["items"] if m["contact_id"] == other and m["undone_at"] is None)


async def quiet(ws: Workspace) -> None:
    """Nothing is under way that a merge has nothing to do with."""

    async def look() -> bool:
        if await ws.runtime.mongo.inbound.find({"pending_key": {"$gt": ""}}).to_list():
            return False
        # What says that a stop was heard is reported on, too.
        under_way = {"workspace_id": ws.id, "direction": "out", "status": {"$in": ["queued", "sending", "sent"]}}
        return not await ws.runtime.mongo.entries.find(under_way).to_list()

    await eventually(look)
