"""
Re-openers: the template that an account sends when its reply window is closed and an answer is waiting.

It has to be approved and a utility: it goes to somebody who asked, and advertises nothing.
"""

from dataclasses import dataclass
from datetime import datetime

from app.core.errors import Invalid, NotFound
from app.core.runtime import Workspace
from channels import accounts
from channels.content import Template, TemplateParameters
from inbox import templates, usage
from inbox.conversations import Conversation
from inbox.store import reopeners as store
from inbox.timeline import Author

UTILITY, APPROVED = "UTILITY", "APPROVED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopener:
    """Which template of an account it is."""

    account_id: str
    name: str
    language: str
    set_at: datetime


async def of_account(ws: Workspace, account_id: str) -> Reopener | None:
    return await store.get(ws, account_id)


async def choose(ws: Workspace, account_id: str, name: str, language: str) -> Reopener:
    """Raises NotFound (no such account or template), Invalid (not approved, or no utility)."""
    await accounts.row_of(ws, account_id)
    kept = await templates.find(ws, account_id, name, language)
    if kept is None:
        raise NotFound("There is no such template in this language.")
    if kept.template.status.upper() != APPROVED:
        raise Invalid.field("name", "The provider has not approved this template.")
    if kept.template.category.upper() != UTILITY:
        raise Invalid.field("name", "A re-opener has to be a utility template: it must not advertise.")
    chosen = Reopener(account_id=account_id, name=name, language=language, set_at=ws.clock.now())
    await store.put(ws, chosen)
    return chosen


async def forget(ws: Workspace, account_id: str) -> None:
    await store.delete(ws, account_id)


async def using_template(ws: Workspace, template_id: str) -> list[usage.Use]:
    """The account whose re-opener it is."""
    kept = await templates.get(ws, template_id)
    chosen = await of_account(ws, kept.account_id) if kept else None
    if chosen is None or templates.id_for(chosen.account_id, chosen.name, chosen.language) != template_id:
        return []
    account = await accounts.row_of(ws, chosen.account_id)
    return [usage.Use("reopener", account.id, account.name)]


async def template(ws: Workspace, account_id: str, conversation: Conversation, agent: Author) -> Template:
    """
    The account's re-opener, with names filled in. Raises Invalid: none is chosen, it is gone, or it asks for something
    that only a person can say.
    """
    chosen = await of_account(ws, account_id)
    if chosen is None:
        raise Invalid.field("opener", "Choose the template that asks the customer to answer.")
    kept = await templates.find(ws, account_id, chosen.name, chosen.language)
    body: dict[str, str] = {}
    header: dict[str, str] = {}
    for variable in templates.variables(kept.template) if kept else ():
        into = header if variable.where == "header" else body
        value = _known(variable.key, conversation, agent)
        if variable.where in ("header", "body") and value:
            into[variable.key] = value
    return Template(name=chosen.name, language=chosen.language, parameters=TemplateParameters(header=header, body=body))


def _known(key: str, conversation: Conversation, agent: Author) -> str | None:
    """Names are known; and the first of numbered values is, by custom, the person's."""
    name = key.casefold()
    if "agent" in name:
        return agent.name
    return conversation.contact_name.split(" ")[0] if "name" in name or name == "1" else None
