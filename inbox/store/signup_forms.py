"""
Queries on sign-up forms: the forms, and each version of their words. Index: workspace_id.
"""

from __future__ import annotations

from app.core.mongo import Document
from app.core.runtime import Workspace
from inbox import signup_forms


def _form(row: Document) -> signup_forms.SignupForm:
    return signup_forms.SignupForm(
        id=row["_id"],
        settings=signup_forms.FormSettings.model_validate(row["settings"]),
        version=row["version"],
        created_at=row["created_at"],
        changed_at=row["changed_at"],
        changed_by=row["changed_by"],
    )


def _row(form: signup_forms.SignupForm) -> Document:
    return {
        "settings": form.settings.model_dump(mode="json"),
        "version": form.version,
        "created_at": form.created_at,
        "changed_at": form.changed_at,
        "changed_by": form.changed_by,
    }


async def every(ws: Workspace) -> list[signup_forms.SignupForm]:
    rows = await ws.db.signup_forms.find({}, limit=signup_forms.MOST)
    return sorted(map(_form, rows), key=lambda form: form.created_at, reverse=True)


async def get(ws: Workspace, form_id: str) -> signup_forms.SignupForm | None:
    row = await ws.db.signup_forms.get(form_id)
    return _form(row) if row else None


async def insert(ws: Workspace, form: signup_forms.SignupForm) -> None:
    await ws.db.signup_forms.insert({"_id": form.id, **_row(form)})
    await _keep_version(ws, form)


async def save(ws: Workspace, form: signup_forms.SignupForm) -> bool:
    """As the version after the stored one; False if somebody was faster. What was shown before stays."""
    if not await ws.db.signup_forms.update({"_id": form.id, "version": form.version - 1}, {"$set": _row(form)}):
        return False
    await _keep_version(ws, form)
    return True


async def _keep_version(ws: Workspace, form: signup_forms.SignupForm) -> None:
    row = {"_id": f"{form.id}/{form.version}", "form_id": form.id, **_row(form)}
    await ws.db.signup_versions.insert_new([row])


async def version(ws: Workspace, form_id: str, number: int) -> signup_forms.SignupForm | None:
    """As it was shown then."""
    row = await ws.db.signup_versions.get(f"{form_id}/{number}")
    return _form({**row, "_id": form_id}) if row else None
