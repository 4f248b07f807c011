"""What is answered to a stop word, where the account's owner has settled that."""

from contextlib import suppress

from app.core import ids
from app.core.errors import AppError
from app.core.runtime import Workspace
from channels import registry
from channels.content import Text
from channels.contract import ChannelAccount, InboundMessage
from crm.keywords import Keyword
from inbox import messages, outbox
from inbox.conversations import Conversation
from inbox.timeline import Author


async def confirm(ws: Workspace, account: ChannelAccount, event: InboundMessage, conversation: Conversation) -> None:
    """
    Tells whoever sent a stop word that it was understood, where the owner wants that and the provider does not do it.

    A service message like any other: where the stop ended those as well, the gate keeps it back, and that is right.
    Told once for each message, however often it is worked off.
    """
    answer = str(account.config.get("stop_reply") or "")
    said = event.content.text if isinstance(event.content, Text) else ""
    if not answer or messages.keyword_at(account, said) is not Keyword.STOP:
        return
    if registry.adapter(account.kind).capabilities(account).confirms_stop:
        return
    draft = outbox.Draft(
        content=Text(text=answer),
        author=Author("bot", account.id, account.name),
        client_id=ids.derived("stop", account.id, event.external_id),
        account_id=account.id,
        address=str(event.sender.address),
    )
    with suppress(AppError):
        await outbox.enqueue(ws, conversation, draft)
