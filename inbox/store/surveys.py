"""Queries on surveys. `due_at`, sparse, is there only as long as something has to be done for one."""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import datetime

from app.core.mongo import Document
from app.core.runtime import Workspace
from inbox.closing import surveys


def _row(survey: surveys.Survey) -> Document:
    row = asdict(survey)
    row["_id"] = row.pop("id")
    row["tags"] = list(survey.tags)
    for sparse in ("due_at", "asked_at"):
        if row[sparse] is None:
            del row[sparse]
    return row


def _survey(row: Document) -> surveys.Survey:
    known = {f.name: row[f.name] for f in fields(surveys.Survey) if f.name in row}
    return surveys.Survey(**{**known, "id": row["_id"], "tags": tuple(row["tags"])})


async def insert(ws: Workspace, survey: surveys.Survey) -> None:
    """One that is there already is left as it is."""
    await ws.db.surveys.insert_new([_row(survey)])


async def get(ws: Workspace, survey_id: str) -> surveys.Survey | None:
    row = await ws.db.surveys.get(survey_id)
    return _survey(row) if row else None


async def save(ws: Workspace, old: surveys.Survey, new: surveys.Survey) -> bool:
    """Writes the difference if its status is still that of `old`."""
    before, after = _row(old), _row(new)
    change: Document = {"$set": {k: v for k, v in after.items() if before.get(k) != v}}
    if gone := {k: "" for k in before if k not in after}:
        change["$unset"] = gone
    change = {operator: values for operator, values in change.items() if values}
    return not change or await ws.db.surveys.update({"_id": old.id, "status": old.status}, change)


async def of_contact(ws: Workspace, contact_id: str) -> list[surveys.Survey]:
    """The newest first. Index: workspace_id, contact_id."""
    rows = await ws.db.surveys.find({"contact_id": contact_id}, limit=500)
    return sorted(map(_survey, rows), key=lambda survey: survey.created_at, reverse=True)


async def asked_since(ws: Workspace, contact_id: str, kind: str, since: datetime, *, but: str) -> bool:
    """Whether the contact was asked this kind of question (or is about to be). Index: workspace_id, contact_id."""
    return any(
        survey.kind == kind and survey.id != but and survey.status != "skipped" and survey.created_at > since
        for survey in await of_contact(ws, contact_id)
    )
