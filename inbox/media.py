"""
Inbound media: fetched by a job of its own, checked, re-hosted with us, and only then shown.

The provider's copy lives for minutes or days; ours stays. A file that cannot be had is shown as such, with the reason.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
from redis.exceptions import RedisError

from app.core import ids
from app.core.errors import NotFound, Unavailable
from app.core.mongo import ConnectionFailure
from app.core.platform import work
from app.core.platform.work import MediaRow
from app.core.queue import Lane
from app.core.runtime import Runtime, Workspace
from channels import accounts, registry
from channels.contract import FetchedMedia, FetchesMedia
from channels.errors import MediaError
from inbox import files, live, timeline
from inbox.timeline import Entry

MAX_BYTES = 100_000_000
MAX_ATTEMPTS = 7


async def fetch(runtime: Runtime, media_id: str) -> None:
    """Fetch one file and put it on its entry; tried again with growing pauses, then marked as failed."""
    row = await work.media(runtime, media_id)
    if row is None or row.due_at > runtime.clock.now():
        return
    ws = runtime.workspace(row.workspace_id)
    reason = None
    try:
        fetched = await _fetch(runtime, row)
        await _keep(ws, row, fetched)
    except (ConnectionFailure, RedisError, Unavailable):
        # Not the file's fault; the sweeper asks again.
        raise
    except NotFound:
        reason = "The channel account of this file is no longer connected."
    except Exception as error:
        # An edge: whatever is wrong with a file, it is tried a few times and then shown as failed, never for ever.
        expected = isinstance(error, MediaError | httpx.HTTPError | TimeoutError)
        if not expected:
            ws.log.exception("media_failed", media_id=row.id, attempts=row.attempts + 1)
        again = not isinstance(error, MediaError) or error.retryable
        if again and row.attempts + 1 < MAX_ATTEMPTS:
            wait = 2.0 ** (row.attempts + 1)
            await work.postpone_media(runtime, row, runtime.clock.now() + timedelta(seconds=wait))
            await runtime.queue.enqueue("fetch_media", media_id, lane=Lane.BACKGROUND, delay_seconds=wait + 0.1)
            return
        reason = str(error) if isinstance(error, MediaError) else "The provider did not hand the file over."
    if reason is None:
        await work.finish_media(runtime, media_id)
        return
    await _put(ws, row, {"state": "failed", "error": reason})
    await work.fail_media(runtime, row, reason)


async def _fetch(runtime: Runtime, row: MediaRow) -> FetchedMedia:
    account = await accounts.get(runtime, row.account_id)
    adapter = registry.adapter(account.kind)
    if not isinstance(adapter, FetchesMedia):
        raise MediaError("This channel has no way to fetch files.", retryable=False)
    return await adapter.fetch_media(accounts.io(runtime), account, row.source, MAX_BYTES)


async def _keep(ws: Workspace, row: MediaRow, fetched: FetchedMedia) -> None:
    entry = await timeline.find(ws, row.entry_id)
    if entry is None or entry.kind == "tombstone":
        return
    told: dict[str, Any] = dict(entry.content or {}).get("media", {})
    file = await files.keep(
        ws,
        fetched.data,
        name=fetched.name or told.get("name"),
        claimed_mime=fetched.mime or told.get("mime"),
        owner=None,
        file_id=ids.derived("fil", row.id),
        conversation_id=entry.conversation_id,
    )
    shown = files.as_media(file).model_dump(exclude_none=True)
    # The channel's word for it stays (a voice note, a sticker, a picture sent as a document).
    shown["kind"] = told.get("kind", shown["kind"])
    if told.get("duration_seconds"):
        shown["duration_seconds"] = told["duration_seconds"]
    await _put(ws, row, shown)


async def _put(ws: Workspace, row: MediaRow, values: dict[str, Any]) -> None:
    entry = await timeline.find(ws, row.entry_id)
    if entry is None:
        return

    def how(now: Entry) -> Entry:
        content = dict(now.content or {})
        if content.get("type") != "media" or content["media"].get("state") == values["state"]:
            return now
        if (content["media"].get("source") or {}) != dict(row.source):
            # Edited meanwhile: this is not the file that stands there now.
            return now
        content["media"] = {**content["media"], "error": None, **values}
        return replace(now, content=content)

    entry, _ = await timeline.change(ws, entry, how)
    await live.tell_entry(ws, entry)


async def retry(ws: Workspace, entry: Entry) -> None:
    """A colleague asks for another try of a file that failed."""
    content: dict[str, Any] = dict(entry.content or {})
    media = content.get("media", {})
    if media.get("state") != "failed" or entry.account_id is None:
        return

    def how(now: Entry) -> Entry:
        kept: dict[str, Any] = dict(now.content or {})
        if kept.get("media", {}).get("state") != "failed":
            return now
        return replace(now, content={**kept, "media": {**kept["media"], "state": "pending", "error": None}})

    row = MediaRow(
        id=ids.new("med"),
        workspace_id=ws.id,
        account_id=entry.account_id,
        entry_id=entry.id,
        source=media.get("source") or {},
        due_at=ws.clock.now(),
    )
    # First the work, then the word that it is under way: a crash between the two leaves nothing pending for ever.
    await work.add_media(ws.runtime, row)
    entry, _ = await timeline.change(ws, entry, how)
    await ws.queue.enqueue("fetch_media", row.id, lane=Lane.BACKGROUND, job_id=f"media:{row.id}")
    await live.tell_entry(ws, entry)
