"""Queries on surveys. `due_at`, sparse, is there only as long as something has to be done for one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime

from app.core.mongo import MOST_IN, Document
from app.core.runtime import Workspace
from inbox.closing import surveys
from inbox.store import windows


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


async def give(ws: Workspace, survey_ids: Sequence[str], contact_id: str) -> None:
    """They are another contact's."""
    if survey_ids:
        await ws.db.surveys.update_each([(list(survey_ids), {}, {"$set": {"contact_id": contact_id}})])


async def of_contact(ws: Workspace, contact_id: str) -> list[surveys.Survey]:
    """The newest first. Index: workspace_id, contact_id."""
    rows = await ws.db.surveys.find({"contact_id": contact_id}, limit=500)
    return sorted(map(_survey, rows), key=lambda survey: survey.created_at, reverse=True)


async def of_contacts(ws: Workspace, contact_ids: Sequence[str]) -> list[surveys.Survey]:
    """In no order. Index: workspace_id, contact_id."""
    found: list[surveys.Survey] = []
    for first in range(0, len(contact_ids), MOST_IN):
        some = list(contact_ids[first : first + MOST_IN])
        found += map(_survey, await ws.db.surveys.find({"contact_id": {"$in": some}}, limit=500 * len(some)))
    return found


async def asked_since(ws: Workspace, contact_id: str, kind: str, since: datetime, *, but: str) -> bool:
    """Whether the contact was asked this kind of question (or is about to be). Index: workspace_id, contact_id."""
    return any(
        survey.kind == kind and survey.id != but and survey.status != "skipped" and survey.created_at > since
        for survey in await of_contact(ws, contact_id)
    )


async def was_asked(ws: Workspace, survey: surveys.Survey) -> bool:
    """Whether the contact was asked the same kind of question in another survey. Index: workspace_id, contact_id."""
    found = await of_contact(ws, survey.contact_id)
    return any(each.kind == survey.kind and each.id != survey.id and each.asked_at for each in found)


async def answered_from(
    ws: Workspace, start: datetime, end: datetime, *, cursor: str | None, limit: int
) -> tuple[list[surveys.Survey], str | None]:
    """Those answered from `start` to `end`, the oldest first. Index: workspace_id, answered_at."""
    rows, following = await windows.between(ws.db.surveys, "answered_at", start, end, cursor=cursor, limit=limit)
    return [_survey(row) for row in rows], following


async def newest_answered(
    ws: Workspace,
    where: Document,
    start: datetime,
    end: datetime,
    *,
    before: tuple[datetime, str] | None,
    limit: int,
) -> list[surveys.Survey]:
    """Those answered in a span of time, the newest first. Index: workspace_id, answered_at."""
    rows = await windows.newest_between(ws.db.surveys, "answered_at", where, start, end, before=before, limit=limit)
    return [_survey(row) for row in rows]
