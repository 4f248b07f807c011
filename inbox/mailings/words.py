"""What each person of a mailing gets to read: contents prepared once, and filled for each."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.core.errors import AppError
from app.core.runtime import Workspace
from channels.content import Content, MediaMessage, Template
from channels.contract import ChannelAccount, OutboundFile
from inbox import files, templates
from inbox.mailings.mailing import Mailing, Ref
from inbox.store.mailings import Group


@dataclass(frozen=True, slots=True)
class Said:
    """What one person gets; without content, why they get nothing."""

    content: Content | None
    file: OutboundFile | None = None
    code: str = ""
    reason: str = ""


class Words:
    """The contents of a mailing as one sender sends them."""

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws
        self._ready: dict[tuple[str, str], Said] = {}

    async def fill(self, mailing: Mailing, account: ChannelAccount, people: Sequence[tuple[Group, Ref]]) -> list[Said]:
        """For each of these (their batch, and who in it) what they get."""
        found: list[Said] = []
        for group, _ in people:
            key = (group.variant, group.language)
            if key not in self._ready:
                self._ready[key] = await self._prepared(mailing, account, *key)
            found.append(self._ready[key])
        return found

    async def _prepared(self, mailing: Mailing, account: ChannelAccount, variant: str, language: str) -> Said:
        by_language = mailing.contents.get(variant) or next(iter(mailing.contents.values()))
        content = by_language.get(language) or by_language.get("") or next(iter(by_language.values()))
        try:
            if isinstance(content, Template):
                content = await templates.filled(self._ws, account, content)
                file_id = content.parameters.header_file_id
                return Said(content, await files.outbound_by_id(self._ws, file_id) if file_id else None)
            if isinstance(content, MediaMessage):
                media = files.as_media(await files.get(self._ws, content.media.file_id or ""))
                content = content.model_copy(update={"media": media})
                return Said(content, files.outbound(self._ws, media))
        except AppError as error:
            return Said(None, code="content_refused", reason=error.detail)
        return Said(content)
