"""Articles in answers: which of them may answer a customer, and how one goes into a message."""

from typing import Literal

from app.core.errors import Conflict
from app.core.runtime import Workspace
from channels.content import preview
from crm import contacts
from inbox import contents, timeline
from inbox.conversations import Conversation
from inbox.help import articles, finding, help_centre, languages, markdown
from inbox.help.articles import Article
from inbox.help.finding import Hit

_MOST_SUGGESTED = 5
_MOST_CHARS = 500
# The customer's last message stands among so many entries before the newest, or is too old to matter.
_LOOKED_AT = 30


async def suggested(ws: Workspace, conversation: Conversation) -> tuple[str, list[Hit]]:
    """The customer's last words, and the articles that may answer them, the best first."""
    newest = await timeline.page_before(
        ws, conversation.contact_id, conversation.last_inbound_number + 1, limit=_LOOKED_AT
    )
    said = [each for each in newest if each.kind == "message" and each.direction == "in" and not each.deleted_at]
    if not said or not said[-1].content:
        return "", []
    asked = preview(contents.parsed(said[-1].content), _MOST_CHARS)
    language = await _spoken(ws, conversation)
    hits = await finding.find(
        ws, asked, shelves=finding.COLLEAGUES, language=language, limit=_MOST_SUGGESTED, typing=False
    )
    return asked, hits


async def inserted(
    ws: Workspace, article: Article, conversation: Conversation, *, form: Literal["link", "text"], language: str | None
) -> tuple[str, str]:
    """
    What goes into the message, and in which language; without one that of the contact.

    Raises Conflict: what is for colleagues only goes to nobody else, and what is not out there has no link.
    """
    centre = await help_centre.get(ws)
    if language is None:
        language = (await contacts.get(ws, conversation.contact_id)).language
    text = articles.suiting(centre, article, language)
    if article.shelf != "public":
        raise Conflict("This article is for colleagues only.", code="internal_article")
    if form == "text":
        return f"{text.title}\n\n{markdown.plain(text.body)}", text.language
    url = articles.url(help_centre.url(ws, centre), article, text)
    if not url:
        raise Conflict("The help centre is not open, so the article has no address yet.", code="no_address")
    return url, text.language


async def _spoken(ws: Workspace, conversation: Conversation) -> str:
    """The language of the centre that suits the contact best."""
    centre = await help_centre.get(ws)
    return languages.best((await contacts.get(ws, conversation.contact_id)).language, centre.languages)
