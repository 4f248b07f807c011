"""
Preferences in the conversation: a word such as PREFERENCES is answered with what may be chosen, as buttons where the
channel has them, as a numbered menu where it has not; a choice counts at once, as the person's own word.

It settles the same as the preference page (preferences.py), for this channel: offers or none, topics, how often, a
pause, the end of all. The fact has the words as they stood above the choices and on the one that was tapped.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final

from app.core import ids
from app.core.errors import AppError
from app.core.platform import workspaces
from app.core.runtime import Workspace
from channels import registry
from channels.content import Choice, Content, List, Row, Section, Text
from channels.contract import Capabilities, ChannelAccount, InboundMessage
from crm import contacts, keywords, pacing
from crm.contacts import ContactAddress
from crm.pacing import Topic
from inbox import menus, outbox, preferences
from inbox.conversations import Conversation
from inbox.preferences import Wishes
from inbox.timeline import Author

_MARK: Final = "choices"
_PAUSE_DAYS: Final = 30
# Rows beside topics: offers, how often (two), a pause, the end.
_FIXED_ROWS: Final = 5
_MOST_ROWS: Final = 10


@dataclass(frozen=True, slots=True)
class Words:
    """`agree` is what "get offers" means, word for word. Titles have at most 24 letters: some apps cut them."""

    intro: str
    agree: str
    button: str
    get: str
    stop: str
    topic_on: str
    topic_off: str
    always: str
    weekly: str
    monthly: str
    pause: str
    resume: str
    end: str
    saved: str
    page: str


WORDS: Final[Mapping[str, Words]] = {
    "en": Words(
        "What may we send you? Answers to your questions come in any case.",
        "“Get offers here” means: yes, {business} may send me offers here. I can end that at any time.",
        "Choose",
        "Get offers here",
        "No offers here",
        "Yes: {topic}",
        "No: {topic}",
        "As they come",
        "At most one a week",
        "At most one a month",
        "No offers for 30 days",
        "Go on now",
        "No offers anywhere",
        "Saved. This holds from now on.",
        "All choices: {link}",
    ),
    "fr": Words(
        "Que pouvons-nous vous envoyer ? Les réponses à vos questions arrivent dans tous les cas.",
        "« Offres ici » veut dire : oui, {business} peut m'envoyer des offres ici. Je peux y mettre fin à tout moment.",
        "Choisir",
        "Offres ici",
        "Pas d'offres ici",
        "Oui : {topic}",
        "Non : {topic}",
        "Quand il y en a",
        "Une par semaine au plus",
        "Une par mois au plus",
        "Pause de 30 jours",
        "Reprendre maintenant",
        "Aucune offre, nulle part",
        "C'est enregistré, avec effet immédiat.",
        "Tous les choix : {link}",
    ),
    "es": Words(
        "¿Qué podemos enviarle? Las respuestas a sus preguntas llegan siempre.",
        "«Ofertas aquí» significa: sí, {business} puede enviarme ofertas aquí. Puedo terminarlo cuando quiera.",
        "Elegir",
        "Ofertas aquí",
        "Sin ofertas aquí",
        "Sí: {topic}",
        "No: {topic}",
        "Cuando las haya",
        "Una por semana, máximo",
        "Una al mes, máximo",
        "Pausa de 30 días",
        "Seguir ahora",
        "Ninguna oferta",
        "Guardado. Vale desde ahora.",
        "Todas las opciones: {link}",
    ),
    "pt": Words(
        "O que lhe podemos enviar? As respostas às suas perguntas chegam sempre.",
        "«Ofertas aqui» quer dizer: sim, {business} pode enviar-me ofertas aqui. Posso terminar a qualquer momento.",
        "Escolher",
        "Ofertas aqui",
        "Sem ofertas aqui",
        "Sim: {topic}",
        "Não: {topic}",
        "Quando as houver",
        "Uma por semana, máximo",
        "Uma por mês, máximo",
        "Pausa de 30 dias",
        "Continuar agora",
        "Nenhuma oferta",
        "Guardado. Vale a partir de agora.",
        "Todas as opções: {link}",
    ),
    "de": Words(
        "Was dürfen wir Ihnen senden? Antworten auf Ihre Fragen kommen in jedem Fall.",
        "„Angebote hier“ heißt: Ja, {business} darf mir hier Angebote senden. Ich kann das jederzeit beenden.",
        "Auswählen",
        "Angebote hier",
        "Keine Angebote hier",
        "Ja: {topic}",
        "Nein: {topic}",
        "Wenn es welche gibt",
        "Höchstens 1 pro Woche",
        "Höchstens 1 pro Monat",
        "30 Tage Pause",
        "Jetzt weiter",
        "Nirgends Angebote",
        "Gespeichert. Das gilt ab sofort.",
        "Alle Einstellungen: {link}",
    ),
}


async def meet(ws: Workspace, account: ChannelAccount, event: InboundMessage, conversation: Conversation) -> None:
    """Answers the word, and does what was chosen. Once a message, however often it is worked off."""
    said = event.content.text if isinstance(event.content, Text) else ""
    if said and keywords.asks_choices(said):
        await _offer(ws, account, event, conversation)
        return
    chosen = await menus.chosen(ws, account, conversation, event.content)
    if isinstance(chosen, Choice) and chosen.id.startswith(f"{_MARK}:"):
        await _take(ws, account, event, conversation, chosen)


async def _offer(ws: Workspace, account: ChannelAccount, event: InboundMessage, conversation: Conversation) -> None:
    row = await contacts.known(ws, event.sender.address)
    if row is None:
        return
    language, words = await _spoken(ws, row.contact_id)
    rows = await contacts.addresses_of(ws, row.contact_id)
    capabilities = registry.adapter(account.kind).capabilities(account)
    link = words.page.format(link=preferences.link(ws, row.contact_id))
    topics = (await pacing.settled(ws)).pacing.topics
    gets = preferences.gets_offers(ws, [each for each in rows if each.address.kind == account.kind])
    offered = _rows(words, language, topics, preferences.wishes_of(ws, rows), capabilities, gets=gets)
    text = f"{words.intro}\n{await _agree(ws, words)}\n{link}"
    content: Content = Text(text=text)
    if offered:
        content = List(text=text, button=words.button, sections=(Section(rows=offered),))
    await _say(ws, account, event, conversation, content, "offered")


def _rows(
    words: Words,
    language: str,
    topics: Sequence[Topic],
    now: Wishes,
    capabilities: Capabilities,
    *,
    gets: bool,
) -> tuple[Row, ...]:
    """What may be chosen as things stand; none where the channel has no such thing."""
    limits = capabilities.list_limits
    if capabilities.buttons == "none" or limits.max_rows <= _FIXED_ROWS:
        return ()
    found = [("here:0", words.stop) if gets else ("here:1", words.get)]
    for topic in topics[: min(limits.max_rows, _MOST_ROWS) - _FIXED_ROWS]:
        declined = topic.key in now.declined
        title = (words.topic_on if declined else words.topic_off).format(topic=topic.label(language))
        found.append((f"topic:{topic.key}:{int(declined)}", title))
    often = {0: words.always, 7: words.weekly, 30: words.monthly}
    found += [(f"often:{each}", title) for each, title in often.items() if each != now.every_days][:2]
    found.append(("pause:0", words.resume) if now.paused_until else (f"pause:{_PAUSE_DAYS}", words.pause))
    found.append(("end", words.end))
    return tuple(Row(id=f"{_MARK}:{key}", title=title[: limits.max_title_chars]) for key, title in found)


async def _take(
    ws: Workspace, account: ChannelAccount, event: InboundMessage, conversation: Conversation, chosen: Choice
) -> None:
    """What is not offered any more (a topic that is gone) changes nothing."""
    row = await contacts.known(ws, event.sender.address)
    if row is None:
        return
    language, words = await _spoken(ws, row.contact_id)
    proof = {"account": account.name, "message": event.external_id, "chosen": chosen.title}
    settle = await _deed(ws, row, chosen.id.removeprefix(f"{_MARK}:"))
    if settle is None:
        return
    shown = f"{await _agree(ws, words)} — {chosen.title}" if chosen.id == f"{_MARK}:here:1" else chosen.title
    await settle(words=shown, language=language, proof=proof)
    await _say(ws, account, event, conversation, Text(text=words.saved), "saved")


async def _deed(ws: Workspace, row: ContactAddress, key: str) -> Callable[..., Awaitable[None]] | None:
    """What is to be done for a choice; None for one that there is not (any more)."""
    what, _, value = key.partition(":")
    rows = await contacts.addresses_of(ws, row.contact_id)
    now = preferences.wishes_of(ws, rows)
    match what:
        case "here":
            ways = await preferences.channels_of(ws, row.contact_id)
            others = {kind for kind, handles in ways.items() if preferences.gets_offers(ws, handles)}
            wanted = others | {row.address.kind} if value == "1" else others - {row.address.kind}
            return partial(preferences.settle, ws, row.contact_id, sorted(wanted))
        case "topic":
            topic, _, wants = value.partition(":")
            known = {each.key for each in (await pacing.settled(ws)).pacing.topics}
            wished = (known - now.declined) | {topic} if wants == "1" else known - now.declined - {topic}
            return partial(preferences.wish, ws, row.contact_id, every_days=now.every_days, topics=sorted(wished))
        case "often" if value in ("0", "7", "30"):
            return partial(preferences.wish, ws, row.contact_id, every_days=int(value), topics=None)
        case "pause" if value in ("0", str(_PAUSE_DAYS)):
            return partial(preferences.pause, ws, row.contact_id, int(value))
        case "end":
            return partial(preferences.stop_all, ws, row.contact_id)
    return None


async def _spoken(ws: Workspace, contact_id: str) -> tuple[str, Words]:
    known = ((await contacts.get(ws, contact_id)).language or "")[:2].lower()
    language = known if known in WORDS else "en"
    return language, WORDS[language]


async def _agree(ws: Workspace, words: Words) -> str:
    business = await workspaces.get(ws.runtime.mongo, ws.id)
    return words.agree.format(business=business.name if business else "")


async def _say(
    ws: Workspace,
    account: ChannelAccount,
    event: InboundMessage,
    conversation: Conversation,
    content: Content,
    what: str,
) -> None:
    draft = outbox.Draft(
        content=content,
        author=Author("bot", account.id, account.name),
        client_id=ids.derived("choices", what, account.id, event.external_id),
        account_id=account.id,
        address=str(event.sender.address),
    )
    with suppress(AppError):
        await outbox.enqueue(ws, conversation, draft)
