"""
Variables in texts: Liquid over a declared catalogue, for canned replies, macros and whatever else writes for people.

    Dear {{ contact.first_name | default: "friend" }}, this is {{ agent.first_name }}.
    {% if contact.language == "fr" %}Bonjour{% else %}Hello{% endif %}

A text is checked when it is saved: its syntax, and that it asks only for what CATALOGUE declares. What is merely not
known of this person stays in the text as it was written, and is named in `missing` (see wording.py).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.core.errors import Invalid
from app.core.platform import workspaces
from app.core.runtime import Workspace
from channels import registry
from crm import companies, contacts, fields
from crm.contacts import Contact
from inbox import preferences, wording
from inbox.conversations import Conversation
from inbox.wording import MAX_TEXT_CHARS as MAX_TEXT_CHARS
from inbox.wording import Rendered as Rendered
from inbox.wording import Wording


@dataclass(frozen=True, slots=True)
class Variable:
    """`example` is what a preview shows where there is no conversation."""

    name: str
    label: str
    example: str


CATALOGUE: tuple[Variable, ...] = (
    Variable("contact.name", "Customer's name", "Ana Kovacs"),
    Variable("contact.first_name", "Customer's first name", "Ana"),
    Variable("contact.language", "Customer's language", "en"),
    Variable("contact.stage", "Customer's stage", "Customer"),
    Variable("contact.company", "Customer's company", "Adinkra Textiles"),
    Variable("contact.preferences", "Link to what the customer gets", "https://example.com/p/…"),
    Variable("agent.name", "Your name", "Ama Mensah"),
    Variable("agent.first_name", "Your first name", "Ama"),
    Variable("conversation.id", "Number of the conversation", "cnv_01"),
    Variable("channel.name", "Channel of the answer", "WhatsApp"),
    Variable("workspace.name", "Name of the business", "Kente & Co"),
    # Known where a text is about a ticket.
    Variable("ticket.number", "Number of the ticket", "1042"),
    Variable("ticket.title", "What the ticket is about", "Parcel came damaged"),
    Variable("ticket.status", "How the ticket stands", "being worked on"),
    Variable("ticket.link", "Page on which the customer sees the ticket", "https://example.com/t/…"),
    # Known where customers wait for a team.
    Variable("team.name", "Name of the team", "Support"),
    Variable("team.opens_at", "When the team opens", "Monday 09:00"),
    Variable("queue.position", "Place in the queue", "3"),
    Variable("queue.minutes", "Expected wait in minutes", "5"),
)
_NAMES = frozenset(variable.name for variable in CATALOGUE)
_INVENTED = {variable.name: variable.example for variable in CATALOGUE}
# Fields of the workspace's own; one that there is not is as one without a value.
FIELDS = "contact.fields."
_FIELD = re.compile(re.escape(FIELDS) + r"[a-z][a-z0-9_]{0,39}")

_EXAMPLES = {"number": "42", "date": "2026-11-21", "datetime": "2026-11-21T12:00:00.000Z", "boolean": "yes"}


def check(text: str, *, field: str = "text") -> None:
    """
    Raises Invalid, in words, where the text is not right, asks for a variable that there is not, or cannot be written
    even for an invented customer (a loop that goes on for too long, a division by nothing).
    """
    own = {name: "42" for name in _template(text, field).needs if name.startswith(FIELDS)}
    render(text, _INVENTED | own, field=field)


def render(text: str, values: Mapping[str, str | None], *, field: str = "text") -> Rendered:
    """The text with these values, by variable's name. Raises Invalid."""
    template = _template(text, field)
    nested: dict[str, dict[str, Any]] = {variable.name.partition(".")[0]: {} for variable in CATALOGUE}
    nested["contact"]["fields"] = {}
    for name, value in values.items():
        if value:
            group, _, key = name.partition(".")
            if name.startswith(FIELDS):
                nested["contact"]["fields"][name.removeprefix(FIELDS)] = value
            else:
                nested[group][key] = value
    return template.rendered(nested, field=field)


def example(text: str, own: Sequence[Variable] = ()) -> Rendered:
    """The text as it reads for an invented customer. Raises Invalid."""
    return render(text, _INVENTED | {variable.name: variable.example for variable in own})


async def own(ws: Workspace) -> list[Variable]:
    """The fields that the workspace keeps of its contacts, as variables."""
    known = await fields.get(ws)
    return [
        Variable(f"{FIELDS}{each.key}", each.label, _EXAMPLES.get(each.kind) or each.label) for each in known.offered
    ]


async def values(
    ws: Workspace, conversation: Conversation, *, agent_name: str | None, account_id: str | None = None
) -> dict[str, str | None]:
    """
    What is known in this conversation, by variable's name.

    `account_id` is where the answer will go; None takes the channel on which the customer last wrote.
    """
    contact = await contacts.get(ws, conversation.contact_id)
    workspace = await workspaces.get(ws.runtime.mongo, ws.id)
    # A handle in place of a name is nothing to address somebody by.
    name = None if contact.name_source == "handle" else contact.name
    return {
        "contact.preferences": preferences.link(ws, contact.id),
        "contact.name": name,
        "contact.first_name": _first(name),
        "contact.language": contact.language,
        **await _own_values(ws, contact),
        "agent.name": agent_name,
        "agent.first_name": _first(agent_name),
        "conversation.id": conversation.id,
        "channel.name": await _channel_name(ws, conversation, account_id),
        "workspace.name": workspace.name if workspace else None,
    }


async def _own_values(ws: Workspace, contact: Contact) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    if contact.stage or contact.fields:
        known = await fields.get(ws)
        stage = known.stage(contact.stage)
        found["contact.stage"] = stage.label if stage else None
        for each in known.fields:
            found[f"{FIELDS}{each.key}"] = fields.written(each, contact.fields.get(each.key))
    if contact.company_id:
        company = (await companies.by_id(ws, [contact.company_id])).get(contact.company_id)
        found["contact.company"] = company.name if company else None
    return found


async def _channel_name(ws: Workspace, conversation: Conversation, account_id: str | None) -> str | None:
    wanted = account_id or (conversation.reach[0].account_id if conversation.reach else None)
    row = next((row for row in await ws.runtime.accounts.of_workspace(ws.id) if row.id == wanted), None)
    return registry.adapter(row.kind).label if row else None


def _first(name: str | None) -> str | None:
    return name.split()[0] if name and name.split() else None


def _template(text: str, field: str) -> Wording:
    found = wording.read(text, field=field)
    for name in sorted(found.needs):
        if name not in _NAMES and not _FIELD.fullmatch(name):
            raise Invalid.field(field, f"There is no variable '{name}'. There are {', '.join(sorted(_NAMES))}.")
    return found
