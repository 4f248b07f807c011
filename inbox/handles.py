"""
Files that a provider keeps: handed over once for each account, sent by the provider's id as often as we like, and
handed over anew shortly before it lets them go. Some providers take a file beforehand, others tell its id with the
first message that carries it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta

from app.core import ids
from app.core.runtime import Workspace
from channels import accounts, registry
from channels.content import Content, MediaMessage, Template
from channels.contract import ChannelAccount, KeepsMedia, MediaHandle, OutboundMessage, RemembersMedia
from inbox import files
from inbox.store import handles as store

# A message that is on its way when the provider lets a file go fails; so it is renewed that long before.
RENEWED_BEFORE = timedelta(days=2)


async def of(ws: Workspace, account: ChannelAccount, content: Content) -> Mapping[str, str]:
    """
    The provider's ids of the files in a content, by ours; without those that it gets with the message. Raises
    SendError, NotFound.

    Files handed over twice at the same time cost an upload and nothing else.
    """
    adapter = registry.adapter(account.kind)
    wanted = named(content)
    if not wanted or not isinstance(adapter, KeepsMedia | RemembersMedia):
        return {}
    found = await asyncio.gather(*(_one(ws, adapter, account, each) for each in wanted))
    return {file_id: handle for file_id, handle in zip(wanted, found, strict=True) if handle}


def named(content: Content) -> Sequence[str]:
    """Our ids of the files in a content, each once."""
    match content:
        case MediaMessage(media=media):
            found = [media.file_id]
        case Template(parameters=given):
            found = [given.header_file_id, *(card.header_file_id for card in given.cards)]
        case _:
            found = []
    return list(dict.fromkeys(file_id for file_id in found if file_id))


async def learn(ws: Workspace, account_id: str, kept: Mapping[str, str]) -> None:
    """The provider has told under which ids it keeps these files of ours."""
    for file_id, handle in kept.items():
        await store.put(ws, _id(account_id, file_id), MediaHandle(handle))


async def forget(ws: Workspace, account_id: str, content: Content) -> bool:
    """The provider does not know these any more: they are handed over anew next time. False: it had none."""
    return await store.delete(ws, [_id(account_id, file_id) for file_id in named(content)]) > 0


class Handles:
    """What the provider keeps of the files that one sender sends to many: looked up once, not for each message."""

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws
        self._known: dict[tuple[str, ...], Mapping[str, str]] = {}
        self._renewed: set[tuple[str, ...]] = set()
        self._looking = asyncio.Lock()

    async def of(self, account: ChannelAccount, content: Content) -> Mapping[str, str]:
        """As `of`. Raises SendError, NotFound."""
        wanted = tuple(named(content))
        if not wanted:
            return {}
        if wanted not in self._known:
            async with self._looking:
                if wanted not in self._known:
                    self._known[wanted] = await of(self._ws, account, content)
        return self._known[wanted]

    async def learn(self, account: ChannelAccount, message: OutboundMessage, kept: Mapping[str, str]) -> None:
        """What the provider has told with a message that it took."""
        wanted = tuple(named(message.content))
        # Of those who were under way together the first tells.
        if kept and self._known.get(wanted, {}) == message.handles:
            self._known[wanted] = kept
            await learn(self._ws, account.id, kept)

    async def stale(self, account: ChannelAccount, message: OutboundMessage) -> bool:
        """
        Whether a message that was refused may go once more because its files are handed over anew: once for each file,
        and for all who were under way with the old ids. What is refused then is not refused for its file.
        """
        wanted = tuple(named(message.content))
        if not message.handles or (wanted in self._renewed and self._known.get(wanted) == message.handles):
            return False
        if wanted not in self._renewed:
            self._renewed.add(wanted)
            self._known.pop(wanted, None)
            await forget(self._ws, account.id, message.content)
        return True


async def _one(ws: Workspace, adapter: object, account: ChannelAccount, file_id: str) -> str | None:
    known = await store.get(ws, _id(account.id, file_id))
    if known is not None and (known.expires_at is None or known.expires_at - RENEWED_BEFORE > ws.clock.now()):
        return known.id
    if not isinstance(adapter, KeepsMedia):
        return None
    file = await files.outbound_by_id(ws, file_id)
    handle: MediaHandle = await adapter.keep_media(accounts.io(ws.runtime), account, file)
    await store.put(ws, _id(account.id, file_id), handle)
    return handle.id


def _id(account_id: str, file_id: str) -> str:
    return ids.derived("hdl", account_id, file_id)
