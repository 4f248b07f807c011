"""
Silence: a conversation that we answered last, and whose customer does not write, is warned of and closes by itself.

Each answer puts a time on the conversation's row (`idle_at`), by the workspace's rules as they then are: switching it
on touches no older conversation. The customer's word takes the time off. The warning goes through the outbox; where it
may not go (a closed reply window, a stop), the conversation closes without a word.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from app.core.errors import AppError
from app.core.runtime import Workspace
from channels.content import Text
from inbox import conversations, episodes, events, live, outbox
from inbox.answering import variables
from inbox.closing import closing
from inbox.closing.closing import AutoClose
from inbox.conversations import Conversation
from inbox.timeline import Author

AUTOMATIC = Author("bot", None, "Parley")


async def attend(ws: Workspace, conversation: Conversation) -> Conversation:
    """Warns, or closes, if its time has come and the customer has not answered."""
    now = ws.clock.now()
    if conversation.idle_at is None or conversation.idle_at > now or conversation.state != "open":
        return conversation
    rule = closing.rule_for(await closing.settings_of(ws), conversation, _channel(conversation))
    if rule is None or conversation.waiting_since is not None:
        return (await conversations.change(ws, conversation, _busy(conversation)))[0]
    if conversation.warned_at is None and rule.warning and await _warned(ws, conversation, rule):
        until = now + timedelta(minutes=rule.close_minutes)
        return (await conversations.change(ws, conversation, _waits(conversation, until)))[0]
    async with live.announced(ws, "conversation", conversation.id):
        saved, closed = await conversations.close(ws, conversation, only_if=_still_idle(conversation))
        if closed:
            await events.note(
                ws,
                saved.contact_id,
                key=f"conversation_closed/{saved.id}/{saved.revision}",
                event={"name": "conversation_closed", "automatic": True, "reason": "No answer from the customer"},
                at=saved.closed_at or now,
            )
    return saved


def _channel(conversation: Conversation) -> str | None:
    return conversation.reach[0].address.partition(":")[0] if conversation.reach else None


async def _warned(ws: Workspace, conversation: Conversation, rule: AutoClose) -> bool:
    """False where the customer cannot be written to, or there are no words for them: then it closes without one."""
    try:
        text = await written(ws, conversation, rule.warning)
        if not text:
            return False
        draft = outbox.Draft(
            content=Text(text=text),
            author=AUTOMATIC,
            # The same silence is warned of once, however often this is done.
            client_id=f"idle/{conversation.episode}/{conversation.last_inbound_number}/{episodes.of(conversation).replies}",
        )
        await outbox.enqueue(ws, conversation, draft)
    except AppError as error:
        ws.log.info("warning_not_sent", conversation_id=conversation.id, error=error.code)
        return False
    return True


async def written(ws: Workspace, conversation: Conversation, text: str, *, account_id: str | None = None) -> str:
    """A text of the settings for this customer; what is not known of them is left out, perhaps all. Raises Invalid."""
    values = await variables.values(ws, conversation, agent_name=None, account_id=account_id)
    return variables.render(text, values).bare


def _still_idle(seen: Conversation) -> conversations.Condition:
    """Nothing has happened between them and us since it was looked at."""
    return lambda now: (
        now.state == "open"
        and now.idle_at == seen.idle_at
        and now.last_inbound_number == seen.last_inbound_number
        and now.waiting_since is None
    )


def _busy(seen: Conversation) -> conversations.How:
    return lambda now: replace(now, idle_at=None, warned_at=None) if now.idle_at == seen.idle_at else now


def _waits(seen: Conversation, until: datetime) -> conversations.How:
    idle = _still_idle(seen)
    return lambda now: replace(now, idle_at=until, warned_at=seen.idle_at) if idle(now) else now
