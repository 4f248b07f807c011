"""
Agreements that run out soon, and asking these people again.

Who is asked gets an ordinary broadcast, by the gate like any other, while their agreement still holds; their own YES to
it within some days is a new agreement, to the words they were asked with (inbox/messages.py). Who does not answer gets
nothing more once it has run out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from app.core.permissions import Actor
from app.core.runtime import Workspace
from automations import broadcasts, segments
from automations.broadcasts import Broadcast
from automations.plans import Audience, Plan, Variant, Wording
from automations.segments import Preview
from channels import accounts, registry
from channels.content import Text

# What is asked where no approved text is needed. YES is understood in these languages' own word.
QUESTIONS: Final[Mapping[str, str]] = {
    "en": "You agreed to get our offers, and that ends soon. Reply YES if you want to go on getting them.",
    "fr": "Vous avez accepté nos offres, et cela prend bientôt fin. Répondez OUI pour continuer à les recevoir.",
    "es": "Aceptó recibir nuestras ofertas y eso termina pronto. Responda SI para seguir recibiendo ofertas.",
    "pt": "Aceitou receber as nossas ofertas e isso termina em breve. Responda SIM para continuar a receber.",
    "de": "Sie bekommen unsere Angebote, und Ihre Zustimmung endet bald. Antworten Sie JA, wenn Sie sie weiter wollen.",
    "it": "Ha accettato le nostre offerte e il consenso scade presto. Risponda SI per continuare a riceverle.",
}


@dataclass(frozen=True, slots=True)
class RunningOut:
    """Of one sender: how many people's agreement on its channel ends within the days asked for, and some of them."""

    account_id: str
    name: str
    channel: str
    preview: Preview


def rule(kind: str, days: int) -> dict[str, Any]:
    """Whose agreement on this channel ends within so many days."""
    return {"field": f"expires.{kind}", "op": "within_next", "value": {"amount": days, "unit": "days"}}


async def running_out(ws: Workspace, days: int) -> list[RunningOut]:
    """By sender that is switched on; nobody agrees to marketing in the web chat."""
    rows = [row for row in await ws.runtime.accounts.of_workspace(ws.id) if row.enabled and row.kind != "livechat"]
    previews = {kind: await segments.preview(ws, rule(kind, days)) for kind in sorted({row.kind for row in rows})}
    return [RunningOut(row.id, row.name, row.kind, previews[row.kind]) for row in rows]


async def draft(ws: Workspace, actor: Actor, account_id: str, days: int) -> Broadcast:
    """
    A broadcast that asks them again, for somebody to look at and to send. Raises NotFound.
    """
    row = await accounts.row_of(ws, account_id)
    capabilities = registry.adapter(row.kind).capabilities(accounts.channel_account(row))
    wordings = tuple(
        Wording(language=None if language == "en" else language, content=Text(text=words))
        for language, words in QUESTIONS.items()
    )
    plan = Plan(
        name=f"Ask again: {row.name}"[:200],
        description=f"To people whose agreement to marketing on {row.name} runs out within {days} days.",
        account_id=row.id,
        asks=True,
        audience=Audience(rule=rule(row.kind, days)),
        variants=(Variant(wordings=() if capabilities.templates else wordings),),
    )
    return await broadcasts.create(ws, actor, plan)
