"""Whose a sign-up form is: read before a workspace is known."""

from app.core import mongo


async def workspace_of(db: mongo.Database, form_id: str) -> str | None:
    row = await db.signup_forms.find_one({"_id": form_id}, {"workspace_id": 1})
    return str(row["workspace_id"]) if row else None
