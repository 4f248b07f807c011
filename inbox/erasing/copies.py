"""
A person's copy of all that is known of them: an archive of JSON and the files that were exchanged, written as it is
read, so that it costs no memory however much there is.
"""

import hashlib
import io
import zipfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, fields
from typing import Any

import orjson

from app.core import audit
from app.core.audit import Target
from app.core.files import FileMissing
from app.core.permissions import Actor
from app.core.runtime import Workspace
from crm import companies, consent, contacts, destinations, erasures, happenings, lists
from crm import fields as contact_fields
from crm.contacts import Contact
from inbox import story
from inbox.closing import surveys
from inbox.finding import tags
from inbox.merging import sides
from inbox.store import conversations as conversation_store
from inbox.timeline import PAGE, Entry

_README = """This archive holds everything that is known of one person.

contact.json    who they are: handles, values with their history, lists, company
addresses.json  where things are delivered to them, with what was changed
consents.json   what they agreed to and took back, with the words, the times and the proof
tickets.json    problems that were reported, and what became of them
events.jsonl    pages they looked at, mailings they opened and what else was told of them, one a line
surveys.json    questions they were asked, and their answers
entries.jsonl   every message, note and event, one a line, in order
media/          the files of messages, by their ids; entries.jsonl names them
sha256.json     a checksum of each of these files
"""
# How we work things off is nobody's business; what was said, by whom and when, is.
_INNER = ("raw_id", "outbox_key", "claim", "claimed_at", "attempts", "client_id", "revision")


class _Pieces(io.RawIOBase):
    """Takes what the archive writes, until it is fetched."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._held += data
        return len(data)

    def take(self) -> bytes:
        taken = bytes(self._held)
        self._held.clear()
        return taken


async def begin(ws: Workspace, actor: Actor, contact: Contact) -> AsyncIterator[bytes]:
    """The archive, piece by piece; who takes it is noted. Raises Forbidden."""
    erasures.require(actor)
    await audit.record(ws, actor, "contact.copied", Target("contact", contact.id, contact.name))
    return pieces(ws, contact)


async def pieces(ws: Workspace, contact: Contact) -> AsyncIterator[bytes]:
    out, sums = _Pieces(), dict[str, str]()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:

        def put(name: str, data: bytes) -> bytes:
            sums[name] = hashlib.sha256(data).hexdigest()
            archive.writestr(name, data)
            return out.take()

        yield put("README.txt", _README.encode())
        yield put("contact.json", _json(await _profile(ws, contact)))
        facts = [asdict(fact) for fact in await consent.history(ws, contact.id)]
        yield put("consents.json", _json(facts))
        yield put("addresses.json", _json([asdict(each) for each in await destinations.of(ws, contact)]))
        members = [contact.id, *contact.absorbed]
        yield put("tickets.json", _json([asdict(t) for m in members for t in await sides.tickets_of(ws, m)]))
        yield put("surveys.json", _json([asdict(s) for m in members for s in await surveys.of_contact(ws, m)]))
        told = [
            orjson.dumps(asdict(e), option=orjson.OPT_APPEND_NEWLINE) for e in await happenings.everything(ws, members)
        ]
        yield put("events.jsonl", b"".join(told))
        file_ids: dict[str, str] = {}
        digest = hashlib.sha256()
        with archive.open("entries.jsonl", "w") as lines:
            async for entry in _entries(ws, contact.id):
                line = orjson.dumps(_shown(entry), default=str, option=orjson.OPT_APPEND_NEWLINE)
                digest.update(line)
                lines.write(line)
                media = (entry.content or {}).get("media") or {}
                if media.get("file_id"):
                    file_ids[media["file_id"]] = media.get("name") or ""
                if piece := out.take():
                    yield piece
        sums["entries.jsonl"] = digest.hexdigest()
        for file_id, name in file_ids.items():
            path = f"media/{file_id}{_suffix(name)}"
            digest = hashlib.sha256()
            try:
                # What is there is as small as it can be: pictures and sound are compressed already.
                with archive.open(zipfile.ZipInfo(path), "w", force_zip64=True) as target:
                    async for piece in ws.runtime.files.stream(ws.file_key(file_id)):
                        digest.update(piece)
                        target.write(piece)
                        yield out.take()
            except FileMissing:
                continue
            sums[path] = digest.hexdigest()
        yield put("sha256.json", _json(dict(sums)))
    yield out.take()


async def _entries(ws: Workspace, contact_id: str) -> AsyncIterator[Entry]:
    for thread in await conversation_store.of_contact(ws, contact_id):
        after: float = 0
        while page := await story.entries_after(ws, contact_id, after, woven=thread.woven, limit=PAGE):
            for placed in page:
                yield placed.entry
            after = page[-1].place


def _shown(entry: Entry) -> dict[str, Any]:
    known = {f.name: getattr(entry, f.name) for f in fields(entry) if f.name not in _INNER}
    return {name: value for name, value in known.items() if value not in (None, (), {}, False)}


async def _profile(ws: Workspace, contact: Contact) -> dict[str, Any]:
    known = await contact_fields.get(ws)
    employer = (await companies.by_id(ws, [contact.company_id or ""])).get(contact.company_id or "")
    tag_names = {tag.id: tag.name for tag in await tags.every(ws)}
    list_names = {each.id: each.name for each in await lists.every(ws)}
    own = {each.label: contact.fields[each.key] for each in known.fields if each.key in contact.fields}
    return {
        "id": contact.id,
        "name": contact.name,
        "language": contact.language,
        "zone": contact.zone,
        "stage": contact.stage,
        "company": employer.name if employer else None,
        "company_role": role.label if (role := known.role(contact.company_role)) else None,
        "notes": contact.notes,
        "fields": own,
        "tags": [tag_names.get(each, each) for each in contact.tags],
        "lists": [list_names.get(each, each) for each in contact.lists],
        "created_at": contact.created_at,
        "health": asdict(contact.health) if contact.health else None,
        "handles": [
            {"address": str(row.address), "name": row.username, "verified": row.verified, "since": row.created_at}
            for row in await contacts.addresses_of(ws, contact.id)
        ],
        "past": [asdict(each) for each in await contacts.past(ws, contact.id)],
    }


def _json(value: dict[str, Any] | Sequence[Any]) -> bytes:
    return orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2)


def _suffix(name: str) -> str:
    dot, _, suffix = name.rpartition(".")
    return f".{suffix}" if dot and suffix.isalnum() and len(suffix) < 8 else ""
