"""
Queries on codes that show whose an address is.

Index: workspace_id, conversation_id; a conversation has a handful, since few can be sent in an hour and they end.
"""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from app.core.mongo import Document
from app.core.runtime import Workspace
from inbox.answering import proofs

_MOST = 500


def _from_row(row: Document) -> proofs.Proof:
    values: dict[str, Any] = {f.name: row.get(f.name) for f in fields(proofs.Proof) if f.name != "id"}
    return proofs.Proof(id=row["_id"], **values)


async def get(ws: Workspace, proof_id: str) -> proofs.Proof | None:
    row = await ws.db.proofs.get(proof_id)
    return _from_row(row) if row else None


async def of_conversation(ws: Workspace, conversation_id: str) -> list[proofs.Proof]:
    rows = await ws.db.proofs.find({"conversation_id": conversation_id}, limit=_MOST)
    return [_from_row(row) for row in rows]


async def insert(ws: Workspace, proof: proofs.Proof, *, forget_at: datetime) -> None:
    row = asdict(proof)
    row["_id"] = row.pop("id")
    await ws.db.proofs.insert({**row, "forget_at": forget_at})


async def settle(ws: Workspace, old: proofs.Proof, new: proofs.Proof) -> bool:
    """False if it waits no longer: a code is good once."""
    change = {"$set": {"state": new.state, "proved_by": new.proved_by}}
    return await ws.db.proofs.update({"_id": old.id, "state": "waiting"}, change)


async def note_other(ws: Workspace, proof_id: str, contact_id: str) -> None:
    """The handle was another contact's already."""
    await ws.db.proofs.update({"_id": proof_id}, {"$set": {"state": "elsewhere", "other_contact_id": contact_id}})


async def delete(ws: Workspace, proof_id: str) -> None:
    await ws.db.proofs.delete({"_id": proof_id})
