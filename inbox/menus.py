"""Numbered menus: on channels without buttons a person answers with a number, which means the option of that number."""

from collections.abc import Mapping
from typing import Any

from app.core.runtime import Workspace
from channels import registry
from channels.content import Choice, Content, Text
from channels.contract import ChannelAccount
from inbox import timeline
from inbox.conversations import Conversation

# An answer comes soon after its menu; further back a bare number means something else.
LOOK_BACK = 20


async def chosen(ws: Workspace, account: ChannelAccount, conversation: Conversation, content: Content) -> Content:
    """The option that a bare number picks from our latest menu on this account, else the content as it is."""
    if not isinstance(content, Text) or registry.adapter(account.kind).capabilities(account).buttons != "menu":
        return content
    answer = content.text.strip().rstrip(".)")
    if not (answer.isascii() and answer.isdigit() and len(answer) <= 2):
        return content
    recent = await timeline.page_before(ws, conversation.contact_id, conversation.last_number + 1, limit=LOOK_BACK)
    for entry in reversed(recent):
        if entry.client_id and entry.client_id.startswith("survey/"):
            # Asked since then: the number answers that.
            return content
        if entry.direction == "out" and entry.account_id == account.id and entry.content:
            options = _options(entry.content)
            if options:
                number = int(answer)
                return options[number - 1] if 1 <= number <= len(options) else content
    return content


def _options(content: Mapping[str, Any]) -> list[Choice]:
    """What a menu offers, in the order in which it was numbered."""
    if content.get("type") == "buttons":
        rows = list(content["buttons"])
    elif content.get("type") == "list":
        rows = [row for section in content["sections"] for row in section["rows"]]
    else:
        return []
    return [Choice(id=row["id"], title=row["title"], description=row.get("description")) for row in rows]
