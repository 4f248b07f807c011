"""
What Twilio has kept: inbound messages whose webhook never reached us, and sends whose answer we never saw.

Source: https://www.twilio.com/docs/messaging/api/message-resource#read-multiple-message-resources
"""

import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from channels.contract import ChannelAccount, ChannelIO, DeliveryStatus, OutboundMessage, SendResult
from channels.errors import NotSent
from channels.sms import payloads, rendering, rest, senders
from channels.sms.errors import NoAnswer, Refusal, account_error, send_error

_PAGE = 100
_GONE = 404
# More than this in one gap is for a longer look than a job's; said in the log, and the newest are taken in.
_MOST_INBOUND = 5_000
# Messages to one person since one attempt: a handful.
_MOST_SENT = 500
# Twilio's times are whole seconds of its own clock.
_CLOCKS_DIFFER = timedelta(seconds=5)


async def inbound_since(io: ChannelIO, account: ChannelAccount, since: datetime) -> Sequence[bytes]:
    """Inbound messages of this account's sender as webhook forms, oldest first. Raises AccountError."""
    sender = senders.of(account)
    only = {} if senders.is_service(sender) else {"to": sender}
    api = rest.client(io, account)
    try:
        listed = await api.messages.list_async(**only, date_sent_after=since, page_size=_PAGE, limit=_MOST_INBOUND)
        if len(listed) == _MOST_INBOUND:
            io.log.warning("reconciliation_cut", account_id=account.id, messages=_MOST_INBOUND)
        ours = [message for message in reversed(listed) if _is_inbound(message, sender)]
        return [payloads.inbound_form(message, await _media(api, message)) for message in ours]
    except (NoAnswer, Refusal) as error:
        raise account_error(error) from error


async def find_sent(
    io: ChannelIO, account: ChannelAccount, message: OutboundMessage, since: datetime
) -> SendResult | None:
    """
    The message among those to that person since the attempt, told by its text; None if Twilio has none like it.

    Not filtered by DateSent: a message still in Twilio's queue has none, would be missed, and be sent twice.
    Raises NotSent when Twilio cannot be asked.
    """
    earliest = since.replace(microsecond=0) - _CLOCKS_DIFFER
    try:
        stream = await rest.client(io, account).messages.stream_async(
            to=message.to.value, page_size=_PAGE, limit=_MOST_SENT
        )
        async for sent in stream:
            if sent.date_created is None or sent.date_created < earliest:
                return None  # newest first: all that follow are older
            if _is_that(sent, message):
                return SendResult((sent.sid,), _status(sent), note=sent.error_message)
    except (NoAnswer, Refusal) as error:
        raise NotSent("Twilio could not be asked what became of the message.") from error
    return None


async def erase(io: ChannelIO, account: ChannelAccount, sid: str) -> None:
    """
    The message and its files are deleted at Twilio, which refuses it while a message is on its way. Raises SendError.
    Source: https://www.twilio.com/docs/messaging/api/message-resource#delete-a-message-resource
    """
    api = rest.client(io, account)
    try:
        for file in await api.messages(sid).media.list_async(limit=10):
            await api.messages(sid).media(file.sid).delete_async()
        await api.messages(sid).delete_async()
    except Refusal as error:
        if error.status != _GONE:
            raise send_error(error) from error
    except NoAnswer as error:
        raise NotSent("Twilio could not be reached.") from error


def _is_inbound(message: Any, sender: str) -> bool:
    if message.direction != "inbound" or message.status == "receiving":
        return False
    return not senders.is_service(sender) or message.messaging_service_sid == sender


async def _media(api: Any, message: Any) -> list[tuple[str, str]]:
    """Address and type of each file; the webhook gives the same addresses."""
    if message.num_media in (None, "0"):
        return []
    entries = await api.messages(message.sid).media.list_async(limit=10)
    return [(api.api.base_url + entry.uri.removesuffix(".json"), entry.content_type) for entry in entries]


def _is_that(sent: Any, message: OutboundMessage) -> bool:
    if not str(sent.direction).startswith("outbound") or (sent.num_media not in (None, "0")) != bool(message.file):
        return False
    ours, theirs = rendering.text(message.content), sent.body or ""
    return ours == theirs or (bool(_letters(ours)) and _letters(theirs).endswith(_letters(ours)))


def _letters(text: str) -> str:
    """What survives Twilio's changes to a text: Smart Encoding swaps punctuation, trial accounts put words in front."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if c.isalnum())


def _status(sent: Any) -> DeliveryStatus:
    return payloads.STATUSES.get(sent.status, DeliveryStatus.SENT)
