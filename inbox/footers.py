"""
How it ends: the line below an advertisement that says how to get no more of them.

Some countries want it in every message, elsewhere carriers want people to be reminded from time to time: then each
person reads it once in a period. It is in their language, and where a sender cannot take an answer it is the link to
their preference page. Channels with approved templates have none: the approved text brings its own, and nothing may be
added to it. What somebody has written into their text themselves counts as well, and is not said twice.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from app.core import addresses
from app.core.addresses import Address
from app.core.runtime import Workspace
from channels import registry
from channels.content import Content, MediaMessage
from channels.contract import ChannelAccount
from crm import contacts, gate, pacing
from crm.contacts import Contact
from crm.pacing import Footer, Sent
from inbox import preferences

_EPRIVACY = "Directive 2002/58/EC, Art. 13(2) and (4)"
# Countries that want it in every message, and where that is written.
EVERY_TIME: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        "AT BE BG CY CZ DE DK EE ES FI GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK".split(),  # noqa: SIM905
        _EPRIVACY,
    ),
    "FR": f"{_EPRIVACY}; Code des postes et des communications électroniques, Art. L34-5",
    "GB": "Privacy and Electronic Communications Regulations 2003, reg. 22 and 23",
    "CH": "Unfair Competition Act (UWG), Art. 3(1)(o)",
    "ZA": "Protection of Personal Information Act, s. 69(4)(b)",
    "KE": "Data Protection (General) Regulations 2021, reg. 15",
    "CA": "Canada's Anti-Spam Legislation (S.C. 2010, c. 23), s. 6(2)(c) and 11",
    "AU": "Spam Act 2003, s. 18",
    "NZ": "Unsolicited Electronic Messages Act 2007, s. 11",
    "SG": "Spam Control Act 2007, s. 11 and Second Schedule",
}
# In letters that do not make a text message dearer. STOP is understood in every language (crm/keywords.py).
WORDS: Final[Mapping[str, str]] = {
    "en": "Reply STOP to end",
    "fr": "Répondez STOP pour ne plus en recevoir",
    "es": "Responda STOP para no recibir otras",
    "pt": "Responda STOP para sair",
    "de": "STOP antworten beendet es",
    "it": "Rispondi STOP per non riceverne altri",
    "nl": "Antwoord STOP om te stoppen",
    "sw": "Jibu STOP kusitisha",
}
# For senders that nobody can answer.
LINK_WORDS: Final[Mapping[str, str]] = {
    "en": "No more: {link}",
    "fr": "Ne plus en recevoir: {link}",
    "es": "No recibir otras: {link}",
    "pt": "Sair: {link}",
    "de": "Abbestellen: {link}",
    "it": "Per non riceverne altri: {link}",
    "nl": "Afmelden: {link}",
    "sw": "Sitisha: {link}",
}
_SAYS_IT = re.compile(r"\bSTOP\b|/p/wsp_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Somebody who is about to read an advertisement, in these words, at this time; `language` is that of the words."""

    contact: Contact | None
    address: Address | None
    content: Content
    language: str
    at: datetime


def says_it(content: Content | Mapping[str, Any] | None) -> bool:
    """Whether this text, as it is or as it is stored, says how it ends."""
    row = content if isinstance(content, Mapping) else vars(content) if content is not None else {}
    return any(_SAYS_IT.search(row.get(name) or "") for name in ("text", "caption", "footer"))


def added(content: Content, footer: str) -> Content:
    """The content with the line below it; what has no words (a place, a contact) stays without."""
    if not footer:
        return content
    if isinstance(content, MediaMessage):
        caption = f"{content.caption}\n{footer}" if content.caption else footer
        return content.model_copy(update={"caption": caption})
    text = getattr(content, "text", None)
    return content.model_copy(update={"text": f"{text}\n{footer}"}) if text else content


async def due(ws: Workspace, account: ChannelAccount, purpose: str, readers: Sequence[Reader]) -> list[str]:
    """For each reader the line below their message, "" for none; one read for all of them."""
    settled = (await pacing.settled(ws)).pacing.footer
    capabilities = registry.adapter(account.kind).capabilities(account)
    none = [""] * len(readers)
    if purpose != gate.MARKETING or account.kind not in settled.channels or capabilities.templates:
        return none
    read_by = [gate.whole(each.contact) if each.contact else () for each in readers]
    had = await pacing.sent_to_each(ws, read_by) if settled.every_days else [[] for _ in readers]
    return [
        _words(ws, settled, reader, answered=capabilities.two_way)
        if _is_due(settled, account.kind, reader, before)
        else ""
        for reader, before in zip(readers, had, strict=True)
    ]


async def below(ws: Workspace, account: ChannelAccount, address: Address, contact_id: str, content: Content) -> Content:
    """A single advertisement with its line, where one is due."""
    contact = await contacts.get(ws, contact_id)
    reader = Reader(contact=contact, address=address, content=content, language="", at=ws.clock.now())
    (footer,) = await due(ws, account, gate.MARKETING, [reader])
    return added(content, footer)


def _is_due(settled: Footer, kind: str, reader: Reader, before: Sequence[Sent]) -> bool:
    if says_it(reader.content):
        return False
    country = addresses.country_of(reader.address) if reader.address else None
    if not settled.every_days or (settled.countries and country in EVERY_TIME):
        return True
    since = reader.at - timedelta(days=settled.every_days)
    return not any(each.footer and each.channel == kind and each.at > since for each in before)


def _words(ws: Workspace, settled: Footer, reader: Reader, *, answered: bool) -> str:
    """In their own language, else that of the words they read, else English; `answered`: STOP can be answered."""
    spoken = ((reader.contact.language if reader.contact else None) or "")[:2].lower()
    own = {language: words for language, words in settled.words.items() if answered or "{link}" in words}
    known = {**(WORDS if answered else LINK_WORDS), **own}
    language = next((each for each in (spoken, reader.language[:2].lower(), "en") if each in known), "en")
    words = known[language]
    if "{link}" not in words:
        return words
    link = preferences.link(ws, reader.contact.id) if reader.contact else f"{ws.settings.public_url.rstrip('/')}/p/…"
    return words.replace("{link}", link)
