"""Canned replies and macros of the demo, so that `/` and M have something to show."""

from app.core.errors import Conflict
from app.core.permissions import SYSTEM
from app.core.runtime import Workspace
from inbox.answering import canned, macros
from inbox.answering.canned import Draft, Variant

_HELLO = 'Hello {{ contact.first_name | default: "there" }}, '

_CANNED: tuple[tuple[str, str, tuple[Variant, ...]], ...] = (
    (
        "hours",
        "Opening hours",
        (
            Variant(text=_HELLO + "we are open Monday to Saturday, 9:00 to 18:00."),
            Variant(text="Bonjour, nous sommes ouverts du lundi au samedi, de 9 h à 18 h.", language="fr"),
            Variant(text="Open Mon-Sat 9-18.", channel="sms"),
        ),
    ),
    (
        "refund",
        "How refunds work",
        (
            Variant(
                text=_HELLO + "your money is back on the same card within five working days. {{ agent.first_name }}"
            ),
        ),
    ),
    ("delivery", "Delivery times", (Variant(text="We deliver in Accra within a day, elsewhere within three."),)),
)

_MACROS = (
    (
        "Refund approved",
        (
            {
                "type": "reply",
                "text": _HELLO + "your refund is on its way: five working days at most. {{ agent.first_name }}",
            },
            {"type": "priority", "priority": "normal"},
            {"type": "close"},
        ),
    ),
    (
        "Waiting for the warehouse",
        (
            {"type": "assign", "to": "me"},
            {"type": "note", "text": "Asked the warehouse; {{ agent.first_name }} looks again tomorrow."},
            {"type": "snooze", "hours": 24},
        ),
    ),
)


async def keep(ws: Workspace) -> None:
    """What is there already stays as it is."""
    for shortcut, title, variants in _CANNED:
        try:
            await canned.create(ws, SYSTEM, Draft(shortcut, title, variants, (), True))
        except Conflict:
            continue
    there = {macro.name for macro in await macros.listed(ws, SYSTEM)}
    for name, actions in _MACROS:
        if name not in there:
            await macros.create(ws, SYSTEM, name, macros.parsed(actions), shared=True)
