"""Queries on price lists; `_id` is the account's. Amounts are kept as text, so that no cent is lost on the way."""

from __future__ import annotations

from decimal import Decimal

from app.core.mongo import Document, DuplicateId
from app.core.runtime import Workspace
from inbox.answering import prices


async def get(ws: Workspace, account_id: str) -> prices.PriceList | None:
    row = await ws.db.price_lists.get(account_id)
    if row is None:
        return None
    found = tuple(prices.Price(p["country"], p["category"], Decimal(p["amount"]), p["currency"]) for p in row["prices"])
    return prices.PriceList(account_id, found, row["revision"], row["changed_by"])


async def put(ws: Workspace, kept: prices.PriceList) -> bool:
    """False if the stored one is not the one before."""
    values: Document = {
        "prices": [
            {"country": p.country, "category": p.category, "amount": str(p.amount), "currency": p.currency}
            for p in kept.prices
        ],
        "revision": kept.revision,
        "changed_by": kept.changed_by,
    }
    if kept.revision > 1:
        before = {"_id": kept.account_id, "revision": kept.revision - 1}
        return bool(await ws.db.price_lists.update(before, {"$set": values}))
    try:
        await ws.db.price_lists.insert({"_id": kept.account_id, **values})
    except DuplicateId:
        return False
    return True


async def delete(ws: Workspace, account_id: str) -> None:
    await ws.db.price_lists.delete({"_id": account_id})
