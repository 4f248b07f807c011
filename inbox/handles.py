"""
Files that a provider keeps: handed over once for each account, sent by the provider's id as often as we like, and
handed over anew shortly before it lets them go.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta

from app.core import ids
from app.core.runtime import Workspace
from channels import accounts, registry
from channels.content import Content, MediaMessage, Template
from channels.contract import ChannelAccount, KeepsMedia, MediaHandle
from inbox import files
from inbox.store import handles as store

# A message that is on its way when the provider lets a file go fails; so it is renewed that long before.
RENEWED_BEFORE = timedelta(days=2)


async def of(ws: Workspace, account: ChannelAccount, content: Content) -> Mapping[str, str]:
    """
    The provider's ids of the files in a content, by ours; empty where it keeps none. Raises SendError, NotFound.

    Files handed over twice at the same time cost an upload and nothing else.
    """
    adapter = registry.adapter(account.kind)
    wanted = named(content)
    if not wanted or not isinstance(adapter, KeepsMedia):
        return {}
    return dict(zip(wanted, await asyncio.gather(*(_one(ws, adapter, account, each) for each in wanted)), strict=True))


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


async def forget(ws: Workspace, account_id: str, content: Content) -> None:
    """The provider does not know these any more: they are handed over anew next time."""
    await store.delete(ws, [_id(account_id, file_id) for file_id in named(content)])


async def _one(ws: Workspace, adapter: KeepsMedia, account: ChannelAccount, file_id: str) -> str:
    known = await store.get(ws, _id(account.id, file_id))
    if known is not None and (known.expires_at is None or known.expires_at - RENEWED_BEFORE > ws.clock.now()):
        return known.id
    file = await files.outbound_by_id(ws, file_id)
    handle: MediaHandle = await adapter.keep_media(accounts.io(ws.runtime), account, file)
    await store.put(ws, _id(account.id, file_id), handle)
    return handle.id


def _id(account_id: str, file_id: str) -> str:
    return ids.derived("hdl", account_id, file_id)
