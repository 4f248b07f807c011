"""The one row that says which translation service a workspace has connected; its key is sealed."""

from __future__ import annotations

from app.core import rows
from app.core.mongo import DuplicateId
from app.core.runtime import Workspace
from inbox.translating import translator
from inbox.translating.services import Language


async def get(ws: Workspace) -> translator.Translator | None:
    """Raises CannotDecrypt."""
    row = await ws.db.translators.get(ws.id)
    if row is None:
        return None
    values = {k: v for k, v in row.items() if k not in ("_id", "workspace_id", "sealed")}
    values["languages"] = tuple(Language(**each) for each in values["languages"])
    return translator.Translator(**values, key=ws.runtime.keyring.decrypt(row["sealed"])["key"])


async def save(ws: Workspace, wanted: translator.Translator) -> bool:
    """False if the stored one is not the revision before."""
    row = rows.plain(wanted)
    row["sealed"] = ws.runtime.keyring.encrypt({"key": row.pop("key")})
    if wanted.revision == 1:
        try:
            await ws.db.translators.insert({"_id": ws.id, **row})
        except DuplicateId:
            return False
        return True
    return await ws.db.translators.update({"_id": ws.id, "revision": wanted.revision - 1}, {"$set": row})


async def note_health(ws: Workspace, known: translator.Translator) -> bool:
    """How asking it went, and the languages that it has; False if another has been connected meanwhile."""
    told = {"error": known.error, "checked_at": known.checked_at, "languages": rows.plain(known.languages)}
    return await ws.db.translators.update({"_id": ws.id, "revision": known.revision}, {"$set": told})


async def delete(ws: Workspace) -> bool:
    """Whether there was one."""
    return await ws.db.translators.delete({"_id": ws.id}) > 0
