"""The document that proves an erasure: what was done, when and by whom, what stayed and why. It names nobody."""

import asyncio
import hashlib
from typing import Any

import orjson

from app.core.clock import iso
from app.core.platform import workspaces
from app.core.runtime import Workspace
from crm.erasures import Erasure
from inbox.answering import pdf
from inbox.answering.pdf import Paragraph

_WORDS = {
    "entries": "entries of the timeline became tombstones without words",
    "files": "files were deleted, with their thumbnails",
    "beside": "drafts, messages for later, codes, notices, surveys and browsers were deleted or emptied",
    "tickets": "tickets were emptied and closed",
    "exports": "exported tables were deleted",
    "import_rows": "rows of imports were emptied",
    "facts": "facts about consent were kept as their proof, under hashes of the handles",
    "audit": "entries of the audit log lost the name",
}
_KEPT = (
    "Hashes of the handles stay on the suppression list, so that no marketing reaches them (legitimate interest).",
    "What was agreed to and taken back stays as its proof, under those hashes (burden of proof).",
    "Numbers, times and scores of tickets, conversations and reports stay; none of them leads to a person.",
    "Requests and answers exchanged with providers are in a log that ends by itself within days.",
    "Backups made before this date still hold what was erased; restore none without erasing again, by this list.",
)


def as_json(ws: Workspace, business: str, known: Erasure) -> bytes:
    facts: dict[str, Any] = {
        "erasure": known.id,
        "business": business,
        "contact": known.contact_id,
        "with_merged": list(known.members[1:]),
        "requested_at": iso(known.at),
        "by": known.by_name,
        "reason": known.reason,
        "finished_at": iso(known.finished_at),
        "handles_sha": list(known.marks),
        "erased": dict(known.counts),
        "left_at_providers": list(known.left),
        "kept": list(_KEPT),
    }
    digest = hashlib.sha256(orjson.dumps(facts)).hexdigest()
    return orjson.dumps({**facts, "sha256": digest}, option=orjson.OPT_INDENT_2)


async def business_of(ws: Workspace) -> str:
    known = await workspaces.get(ws.runtime.mongo, ws.id)
    return known.name if known else ""


async def as_pdf(ws: Workspace, business: str, known: Erasure) -> bytes:
    lines = [
        Paragraph("title", "Proof of erasure"),
        Paragraph("day", f"{business} · {known.id}"),
        Paragraph("in", f"{known.reason}\nby {known.by_name}", f"Asked for {known.at:%Y-%m-%d %H:%M:%S} UTC"),
        Paragraph("day", f"Finished {known.finished_at:%Y-%m-%d %H:%M:%S} UTC" if known.finished_at else "Under way"),
        Paragraph("day", "What was erased"),
        *(Paragraph("in", f"{known.counts[name]} {words}") for name, words in _WORDS.items() if known.counts.get(name)),
        Paragraph("day", "What stays, and why"),
        *(Paragraph("in", words) for words in _KEPT),
        Paragraph("day", "Handles, as hashes"),
        *(Paragraph("in", mark) for mark in known.marks),
    ]
    if known.left:
        lines.append(Paragraph("day", "Not deleted by a provider; ask there"))
        lines += [Paragraph("note", each) for each in known.left]
    return await asyncio.to_thread(pdf.document, lines, left_out=f"{pdf.MISSING} stands for letters without a font.")
