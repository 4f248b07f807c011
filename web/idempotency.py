"""
`Idempotency-Key`: a POST that is sent again, because its answer got lost, is answered again and not done again.

A row per (workspace, caller, key) is claimed before the work and holds the answer for 24 hours afterwards, encrypted,
because some answers hold a secret that is shown once. A refused or failed request had no effect and leaves no row.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core import ids, mongo
from app.core.errors import Conflict, Invalid
from app.core.permissions import Actor
from app.core.runtime import Workspace
from web.errors import Headers

HEADER = b"idempotency-key"
KEPT = timedelta(hours=24)

# Longer than any handler may take (endpoint.HANDLER_SECONDS): a claim this old is of a process that died.
_CLAIM_ENDS = timedelta(seconds=60)
_WAIT_SECONDS = 10.0
_POLL_SECONDS = 0.05
_MOST_KEY_CHARS = 200


class KeyReused(Conflict):
    title, code = "This Idempotency-Key was used for another request", "idempotency_key_reused"


class StillRunning(Conflict):
    title, code = "The first request with this key is still running", "idempotency_in_progress"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    headers: Headers


async def once(
    ws: Workspace,
    actor: Actor,
    key: bytes,
    asked: tuple[str, str, bytes, bytes],
    run: Callable[[], Awaitable[Answer]],
) -> Answer:
    """
    The answer of `run`, or the kept one of an earlier request with this key. `asked`: method, path, query, body.

    Raises Invalid for an unusable key, KeyReused, StillRunning, and whatever `run` raises.
    """
    text = key.decode("latin-1")
    if not 0 < len(text) <= _MOST_KEY_CHARS or not text.isascii() or not text.isprintable():
        raise Invalid.field("Idempotency-Key", f"Use 1 to {_MOST_KEY_CHARS} printable ASCII characters.")
    row_id = ids.derived("idem", ws.id, actor.type, actor.id, text)
    fingerprint = _fingerprint(*asked)
    claimed_at = await _claim_or_read(ws, row_id, fingerprint)
    if isinstance(claimed_at, Answer):
        return claimed_at
    try:
        answer = await run()
    except Exception:
        await ws.db.idempotency.delete({"_id": row_id, "claimed_at": claimed_at})
        raise
    sealed = ws.runtime.keyring.encrypt({"body": answer.body.decode()})
    done = {"done": True, "status": answer.status, "sealed": sealed}
    await ws.db.idempotency.update({"_id": row_id, "claimed_at": claimed_at}, {"$set": done})
    return answer


async def _claim_or_read(ws: Workspace, row_id: str, fingerprint: str) -> datetime | Answer:
    """The time of our claim, or the answer that is there already; waits for one that is being made."""
    async with asyncio.timeout(_WAIT_SECONDS + 1):
        for _ in range(int(_WAIT_SECONDS / _POLL_SECONDS)):
            now = ws.clock.now()
            claim = {"claimed_at": now, "fingerprint": fingerprint, "expires_at": now + KEPT, "done": False}
            try:
                await ws.db.idempotency.insert({"_id": row_id, **claim})
                return now
            except mongo.DuplicateId:
                row = await ws.db.idempotency.get(row_id)
            if row is None:
                # The first request was refused and let go of its claim meanwhile.
                continue
            if row["fingerprint"] != fingerprint:
                raise KeyReused("Use a new key for a new request.")
            if row["done"]:
                body = ws.runtime.keyring.decrypt(row["sealed"])["body"].encode()
                return Answer(row["status"], body, [(b"idempotency-replayed", b"true")])
            if now - row["claimed_at"] > _CLAIM_ENDS:
                stale = {"_id": row_id, "claimed_at": row["claimed_at"], "done": False}
                if await ws.db.idempotency.update(stale, {"$set": claim}):
                    return now
            await asyncio.sleep(_POLL_SECONDS)
    raise StillRunning("Please ask again in a moment.")


def _fingerprint(method: str, path: str, query: bytes, body: bytes) -> str:
    digest = hashlib.sha256()
    for part in (method.encode(), path.encode(), query, body):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()
