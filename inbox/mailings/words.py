"""What each person of a mailing gets to read: contents prepared once, and filled for each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.core.errors import Invalid
from app.core.runtime import Workspace
from channels.content import Content, MediaMessage, Template
from channels.contract import ChannelAccount, OutboundFile
from crm import contacts
from crm.contacts import Contact
from inbox import files, footers, links, personalising, templates
from inbox.links import Shortener
from inbox.mailings.mailing import MOST_IN_BATCH, Mailing, Recipient, Ref
from inbox.personalising import Compiled
from inbox.store.mailings import Group

# Of a person's own facts, the line below their message.
FOOTER: Final = "footer"


@dataclass(frozen=True, slots=True)
class Said:
    """What one person gets; without content, why they get nothing."""

    content: Content | None
    file: OutboundFile | None = None
    code: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Ready:
    compiled: Compiled
    file: OutboundFile | None
    shortener: Shortener | None


class Words:
    """The contents of a mailing as one sender sends them."""

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws
        self._ready: dict[tuple[str, str], _Ready] = {}

    async def fill(
        self,
        mailing: Mailing,
        account: ChannelAccount,
        people: Sequence[tuple[Group, Ref]],
        met: Mapping[str, Contact] | None = None,
    ) -> list[Said]:
        """
        For each of these (their batch, and who in it) what they get; `met` are contacts that were just read.

        Raises AppError where the content itself cannot be sent now, to anybody.
        """
        kinds = {(group.variant, group.language) for group, _ in people}
        for kind in kinds - self._ready.keys():
            self._ready[kind] = await self._prepared(mailing, account, *kind)
        needs = frozenset[str]().union(*(self._ready[kind].compiled.needs for kind in kinds))
        known: dict[str, dict[str, str]] = {}
        if needs:
            wanted = [group.recipients[ref.place].contact_id for group, ref in people]
            found = {each: met[each] for each in wanted if each in met} if met else {}
            if len(found) < len(wanted):
                found |= await contacts.get_many(self._ws, [each for each in wanted if each not in found])
            known = await personalising.facts(self._ws, list(found.values()), needs)
        return [self._said(group, ref, known) for group, ref in people]

    def _said(self, group: Group, ref: Ref, known: dict[str, dict[str, str]]) -> Said:
        ready, person = self._ready[group.variant, group.language], group.recipients[ref.place]
        link = ready.shortener.of(place_in_mailing(ref)) if ready.shortener else None
        try:
            filled = ready.compiled.fill(_facts(person, known), link)
        except Invalid as error:
            return Said(None, code="invalid_values", reason=error.detail)
        if filled.missing:
            return Said(None, code="missing_values", reason=f"There is no value for {', '.join(filled.missing)}.")
        return Said(footers.added(filled.content, person.facts.get(FOOTER, "")), ready.file)

    async def _prepared(self, mailing: Mailing, account: ChannelAccount, variant: str, language: str) -> _Ready:
        by_language = mailing.contents.get(variant) or next(iter(mailing.contents.values()))
        content = by_language.get(language) or by_language.get("") or next(iter(by_language.values()))
        file: OutboundFile | None = None
        if isinstance(content, Template):
            content = await templates.filled(self._ws, account, content)
            file_id = content.parameters.header_file_id
            file = await files.outbound_by_id(self._ws, file_id) if file_id else None
        elif isinstance(content, MediaMessage):
            media = files.as_media(await files.get(self._ws, content.media.file_id or ""))
            content = content.model_copy(update={"media": media})
            file = files.outbound(self._ws, media)
        compiled = personalising.compiled(content)
        shortener: Shortener | None = None
        if compiled.links and (mailing.tracks or leads_through_us(self._ws, content)):
            tags = {"utm_source": account.kind, "utm_medium": "message", "utm_campaign": mailing.name}
            shortener = await links.register(self._ws, mailing.id, mailing.code, compiled.links, tags=tags)
        return _Ready(compiled, file, shortener)


def leads_through_us(ws: Workspace, content: Content) -> bool:
    """The provider has approved it with our own address on a button: a short link is the only thing that fits there."""
    return isinstance(content, Template) and any(
        url.startswith(links.prefix(ws)) for url in personalising.approved_addresses(content)
    )


def untracked(ws: Workspace, compiled: Compiled, *, tracks: bool) -> tuple[str, ...]:
    """Addresses, or what they begin with, of which nobody counts who opens them."""
    content = compiled.content
    approved = personalising.approved_addresses(content) if isinstance(content, Template) else ()
    theirs = [url for url in approved if not url.startswith(links.prefix(ws))]
    ours = () if tracks or leads_through_us(ws, content) else compiled.links
    return tuple(dict.fromkeys((*ours, *compiled.untracked, *theirs)))


def _facts(person: Recipient, known: dict[str, dict[str, str]]) -> dict[str, str]:
    own = known.get(person.contact_id, {})
    return {**own, **person.facts} if person.facts else own


def place_in_mailing(ref: Ref) -> int:
    """A person's number among all of a mailing, as short links carry it."""
    return ref.seq * MOST_IN_BATCH + ref.place


def ref_of(code: str, number: int) -> Ref:
    seq, place = divmod(number, MOST_IN_BATCH)
    return Ref(code, seq, place)
