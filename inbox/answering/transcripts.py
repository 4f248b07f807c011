"""
Transcripts: a conversation as a file to read elsewhere, as text, as a page, as a PDF or as a table.

Private notes stay out unless asked for. What people wrote is data in every form: escaped on the page, and in the table
never a formula.
"""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from datetime import datetime
from html import escape
from typing import Literal

from app.core.runtime import Workspace
from channels.content import MediaMessage
from crm import tables
from crm.masks import Masker
from inbox import contents, story, timeline
from inbox.answering import pdf
from inbox.conversations import Conversation
from inbox.timeline import Entry

# The newest so many entries; a file beyond that is read by nobody.
MOST = 10_000
MOST_DRAWN = 1_000
_COLUMNS = ("number", "time_utc", "channel", "direction", "author", "kind", "text", "file", "status")


async def text(ws: Workspace, conversation: Conversation, *, notes: bool, masker: Masker | None) -> str:
    """One message after another, each under its time and author."""
    lines = [f"Conversation with {conversation.contact_name}", f"Exported {_time(ws.clock.now())}", ""]
    day = ""
    async for entry in _entries(ws, conversation, notes=notes):
        if _day(entry) != day:
            day = _day(entry)
            lines += [f"--- {day} ---", ""]
        lines += [f"{entry.at:%H:%M} {_author(entry, conversation)}{_mark(entry)}", words(entry, masker), ""]
    return "\n".join(lines)


async def html(ws: Workspace, conversation: Conversation, *, notes: bool, masker: Masker | None) -> str:
    """A page that stands by itself and prints well."""
    name = escape(conversation.contact_name)
    parts = [f"<!doctype html><html lang=en><meta charset=utf-8><title>Conversation with {name}</title>", _STYLE]
    parts.append(f"<h1>Conversation with {name}</h1><p>Exported {_time(ws.clock.now())}, times in UTC</p>")
    day = ""
    async for entry in _entries(ws, conversation, notes=notes):
        if _day(entry) != day:
            day = _day(entry)
            parts.append(f"<h2>{day}</h2>")
        side = "note" if entry.kind == "note" else entry.direction or "in"
        head = escape(f"{_author(entry, conversation)} · {entry.at:%H:%M}{_mark(entry)}")
        parts.append(f'<article class="{side}"><small>{head}</small><p>{escape(words(entry, masker))}</p></article>')
    return "\n".join([*parts, "</html>"])


async def table(ws: Workspace, conversation: Conversation, *, notes: bool, masker: Masker | None) -> str:
    """Comma-separated, a line for each message."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    async for entry in _entries(ws, conversation, notes=notes):
        author, said = _author(entry, conversation), words(entry, masker)
        row = (entry.number, _time(entry.at), entry.channel, entry.direction, author, entry.kind, said, _file(entry))
        writer.writerow([_plain(value) for value in (*row, entry.status)])
    return out.getvalue()


async def document(ws: Workspace, conversation: Conversation, *, notes: bool, masker: Masker | None) -> bytes:
    """A PDF of the newest entries; drawing takes CPU, so a document has fewer than the other forms."""
    left_out = f"{pdf.MISSING} stands for letters that this document has no font for; a page to print has them."
    paragraphs = [
        pdf.Paragraph("title", f"Conversation with {conversation.contact_name}"),
        pdf.Paragraph("day", f"Exported {_time(ws.clock.now())}, times in UTC"),
    ]
    if conversation.last_number > MOST_DRAWN:
        paragraphs.append(pdf.Paragraph("day", f"The newest {MOST_DRAWN} entries; the other forms have all."))
    day = ""
    async for entry in _entries(ws, conversation, notes=notes, most=MOST_DRAWN):
        if _day(entry) != day:
            day = _day(entry)
            paragraphs.append(pdf.Paragraph("day", day))
        kind: Literal["in", "out", "note"] = "note" if entry.kind == "note" else entry.direction or "in"
        head = f"{_author(entry, conversation)} · {entry.at:%H:%M}{_mark(entry)}"
        paragraphs.append(pdf.Paragraph(kind, words(entry, masker), head))
    return await asyncio.to_thread(pdf.document, paragraphs, left_out=left_out)


def words(entry: Entry, masker: Masker | None) -> str:
    """What a message says, as far as words can."""
    if entry.deleted_at:
        return "[deleted]"
    if entry.content is None:
        return ""
    content = contents.parsed(entry.content)
    if isinstance(content, MediaMessage):
        return " ".join(filter(None, (f"[{content.media.kind}: {content.media.name or 'file'}]", content.caption)))
    said: str | None = getattr(content, "text", None)
    if isinstance(said, str):
        return said
    shown = contents.text_of(entry.content)
    return shown if masker is None else masker.within(shown)


async def _entries(ws: Workspace, conversation: Conversation, *, notes: bool, most: int = MOST) -> AsyncIterator[Entry]:
    """Messages (and notes) in the order in which they are read; what was taken back was never said."""
    contact_id, woven = conversation.contact_id, conversation.woven
    after: float = max(0, conversation.last_number - most)
    while page := await story.entries_after(ws, contact_id, after, woven=woven, limit=timeline.PAGE):
        for entry in (placed.entry for placed in page):
            if (entry.kind == "message" and entry.status != "cancelled") or (notes and entry.kind == "note"):
                yield entry
        after = page[-1].place


def _author(entry: Entry, conversation: Conversation) -> str:
    if entry.direction == "in":
        return conversation.contact_name
    return entry.author.name or entry.author.type


def _mark(entry: Entry) -> str:
    if entry.kind == "note":
        return " (private note)"
    return f" ({entry.status})" if entry.status in ("failed", "skipped", "unknown") else ""


def _file(entry: Entry) -> str:
    content = entry.content or {}
    media = content.get("media") or {} if content.get("type") == "media" else {}
    return str(media.get("name") or "")


def _day(entry: Entry) -> str:
    return f"{entry.at:%Y-%m-%d}"


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _plain(value: object) -> str:
    """A spreadsheet must not calculate what a customer wrote."""
    return "" if value is None else tables.safe(str(value))


_STYLE = """<style>
body { max-width: 720px; margin: 24px auto; padding: 0 16px; font: 14px/1.45 system-ui, sans-serif; color: #191c22; }
h1 { font-size: 20px; } h2 { margin-top: 24px; font-size: 13px; color: #4f5665; text-align: center; }
article { width: fit-content; max-width: 80%; margin: 6px 0; padding: 6px 12px; break-inside: avoid; }
article { border: 1px solid #e5e8ed; border-radius: 10px; }
article.out { margin-left: auto; background: #e5e7fc; } article.note { background: #fff5d6; }
article p { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; } small { color: #4f5665; }
</style>"""
