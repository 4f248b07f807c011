"""Queries on kept templates. Index: workspace_id, account_id, name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from app.core.mongo import MOST_IN, Document
from app.core.runtime import Workspace
from channels.contract import ProviderTemplate
from inbox import templates

# What was submitted while a list was fetched is not in it.
_CLOCKS_DIFFER = timedelta(seconds=30)


def _from_row(row: Document) -> templates.KeptTemplate:
    values = row["template"]
    template = ProviderTemplate(**{**values, "components": tuple(values["components"])})
    alarm = row.get("alarm")
    return templates.KeptTemplate(
        id=row["_id"],
        account_id=row["account_id"],
        template=template,
        alarm=templates.Alarm(**alarm) if alarm else None,
    )


def _values(kept: templates.KeptTemplate) -> Document:
    components = [dict(component) for component in kept.template.components]
    return {
        "account_id": kept.account_id,
        "name": kept.template.name,
        "template": {**asdict(kept.template), "components": components},
    }


async def replace_all(
    ws: Workspace, account_id: str, kept: Sequence[templates.KeptTemplate], *, fetched_at: datetime
) -> None:
    """These were the account's templates at that time; what the provider no longer lists goes."""
    before = {row["_id"]: row for row in await ws.db.templates.find({"account_id": account_id}, limit=6_500)}
    for item in kept:
        values = _values(item)
        known = before.get(item.id)
        if known is None or any(known.get(name) != value for name, value in values.items()):
            await ws.db.templates.update({"_id": item.id}, {"$set": values}, upsert=True)
    wanted = {item.id for item in kept}
    gone = [
        row_id
        for row_id, row in before.items()
        if row_id not in wanted
        and row.get("submitted_at", fetched_at - 2 * _CLOCKS_DIFFER) < fetched_at - _CLOCKS_DIFFER
    ]
    for first in range(0, len(gone), MOST_IN):
        await ws.db.templates.delete({"_id": {"$in": gone[first : first + MOST_IN]}})


async def put(ws: Workspace, kept: templates.KeptTemplate, *, at: datetime) -> None:
    values = {**_values(kept), "submitted_at": at, "alarm": None}
    await ws.db.templates.update({"_id": kept.id}, {"$set": values}, upsert=True)


async def note(ws: Workspace, template_id: str, values: Mapping[str, object], alarm: templates.Alarm | None) -> None:
    """What the provider has just told of it: some of its values, and whether somebody should look."""
    changed: Document = {f"template.{name}": value for name, value in values.items()}
    if alarm is not None:
        changed["alarm"] = asdict(alarm)
    if changed:
        await ws.db.templates.update({"_id": template_id}, {"$set": changed})


async def dismiss(ws: Workspace, template_id: str) -> None:
    await ws.db.templates.update({"_id": template_id}, {"$set": {"alarm": None}})


async def delete(ws: Workspace, template_ids: Sequence[str]) -> None:
    await ws.db.templates.delete({"_id": {"$in": list(template_ids)}})


async def named(ws: Workspace, account_id: str, name: str) -> list[templates.KeptTemplate]:
    """All languages of it."""
    return [_from_row(row) for row in await ws.db.templates.find({"account_id": account_id, "name": name}, limit=100)]


async def get(ws: Workspace, template_id: str) -> templates.KeptTemplate | None:
    row = await ws.db.templates.get(template_id)
    return _from_row(row) if row else None


async def listed(ws: Workspace, account_id: str | None) -> list[templates.KeptTemplate]:
    rows = await ws.db.templates.find({"account_id": account_id} if account_id else {}, limit=6_500)
    return sorted((_from_row(row) for row in rows), key=lambda kept: (kept.template.name, kept.template.language))
