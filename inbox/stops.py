"""What is answered to a stop word and to HELP, and asked of somebody who may have meant a stop."""

from contextlib import suppress

from app.core import ids
from app.core.errors import AppError
from app.core.platform import workspaces
from app.core.runtime import Workspace
from channels import registry
from channels.content import Text
from channels.contract import ChannelAccount, InboundMessage
from crm import pacing, wishes
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


async def help_out(ws: Workspace, account: ChannelAccount, event: InboundMessage, conversation: Conversation) -> None:
    """Says who we are and how it ends to whoever asks HELP, unless the provider has said so already; once a message."""
    said = event.content.text if isinstance(event.content, Text) else ""
    if messages.keyword_at(account, said) is not Keyword.HELP:
        return
    answer = (await pacing.settled(ws)).pacing.help_answer
    if not answer or registry.adapter(account.kind).capabilities(account).confirms_stop:
        return
    business = await workspaces.get(ws.runtime.mongo, ws.id)
    draft = outbox.Draft(
        content=Text(text=answer.replace("{business}", business.name if business else "")),
        author=Author("bot", account.id, account.name),
        client_id=ids.derived("help", account.id, event.external_id),
        account_id=account.id,
        address=str(event.sender.address),
    )
    with suppress(AppError):
        await outbox.enqueue(ws, conversation, draft)


async def ask(ws: Workspace, account: ChannelAccount, event: InboundMessage, conversation: Conversation) -> None:
    """
    Asks whoever may have asked us to stop in their own words what they meant; at most once a day. A service message
    like any other, in their language where we have the words.
    """
    said = event.content.text if isinstance(event.content, Text) else ""
    language = wishes.may_mean_stop(said) if messages.keyword_at(account, said) is None else None
    if language is None:
        return
    settled = (await pacing.settled(ws)).pacing.hold_question
    question = wishes.QUESTIONS.get(language, settled) if settled == wishes.QUESTIONS["en"] else settled
    if not question:
        return
    draft = outbox.Draft(
        content=Text(text=question),
        author=Author("bot", account.id, account.name),
        client_id=ids.derived("hold", conversation.contact_id, f"{ws.clock.now():%Y-%m-%d}"),
        account_id=account.id,
        address=str(event.sender.address),
    )
    with suppress(AppError):
        await outbox.enqueue(ws, conversation, draft)
