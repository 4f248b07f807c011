"""Queries on kept templates. Index: workspace_id, account_id, name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from app.core.mongo import Document
from app.core.runtime import Workspace
from channels.contract import ProviderTemplate
from inbox import templates


def _from_row(row: Document) -> templates.KeptTemplate:
    values = row["template"]
    template = ProviderTemplate(**{**values, "components": tuple(values["components"])})
    return templates.KeptTemplate(id=row["_id"], account_id=row["account_id"], template=template)


async def replace_all(ws: Workspace, account_id: str, kept: Sequence[templates.KeptTemplate]) -> None:
    """These are the account's templates now; what the provider no longer lists goes."""
    wanted = {item.id for item in kept}
    for item in kept:
        values = {
            "account_id": account_id,
            "name": item.template.name,
            "template": {**asdict(item.template), "components": [dict(c) for c in item.template.components]},
        }
        await ws.db.templates.update({"_id": item.id}, {"$set": values}, upsert=True)
    gone = [item.id for item in await listed(ws, account_id) if item.id not in wanted]
    if gone:
        await ws.db.templates.delete({"_id": {"$in": gone}})


async def get(ws: Workspace, template_id: str) -> templates.KeptTemplate | None:
    row = await ws.db.templates.get(template_id)
    return _from_row(row) if row else None


async def listed(ws: Workspace, account_id: str | None) -> list[templates.KeptTemplate]:
    rows = await ws.db.templates.find({"account_id": account_id} if account_id else {}, limit=6_500)
    return sorted((_from_row(row) for row in rows), key=lambda kept: (kept.template.name, kept.template.language))
