"""What is answered to a stop word, to START and to HELP, and asked of somebody who may have meant a stop."""

from contextlib import suppress

from app.core import ids
from app.core.errors import AppError
from app.core.platform import workspaces
from app.core.runtime import Workspace
from channels.content import Text
from channels.contract import ChannelAccount, InboundMessage, Purpose
from crm import consent, contacts, keywords, pacing, wishes
from crm.consent import ConsentFact
from crm.keywords import Keyword
from crm.standing import KEYWORD
from inbox import confirmations, messages, outbox
from inbox.conversations import Conversation
from inbox.store.entries import inbound_id
from inbox.timeline import Author


async def answer(ws: Workspace, account: ChannelAccount, event: InboundMessage, conversation: Conversation) -> None:
    """
    Answers STOP, START and HELP, once, in the language of the word, where the provider has not done so by itself; and
    asks whoever may have meant a stop.
    """
    said = messages.asked_in(account, event.content)
    word = messages.keyword_at(account, said)
    if word is None:
        await _ask(ws, account, event, conversation, said)
    elif not event.answered and not event.started:
        spoken = (await contacts.get(ws, conversation.contact_id)).language
        language = keywords.language_of(said, spoken)
        if word is Keyword.STOP:
            await _confirm_stop(ws, account, event, conversation, language)
        elif word is Keyword.START:
            await _confirm_start(ws, account, event, conversation, language)
        else:
            await _help_out(ws, account, event, conversation, language)


async def _confirm_stop(
    ws: Workspace, account: ChannelAccount, event: InboundMessage, conversation: Conversation, language: str
) -> None:
    """
    The one word that may follow a stop; the gate lets it through for five minutes, and never where the provider keeps
    the stop itself. Who says it again while it holds is told nothing more.
    """
    stop = await _last_stop(ws, event)
    if stop is not None:
        words = confirmations.in_language(language)
        said = words.all if Purpose.SERVICE in stop.purposes else words.offers
        text = str(account.config.get("stop_reply") or "") or await _from_us(ws, said)
        key = ids.derived("stop", account.id, stop.evidence)
        await _say(ws, account, event, conversation, text, key, Purpose.STOP_CONFIRMATION)


async def _confirm_start(
    ws: Workspace, account: ChannelAccount, event: InboundMessage, conversation: Conversation, language: str
) -> None:
    """Whose START took a stop back is told so, once; to anybody else it is a word like any other."""
    evidence = inbound_id(account.id, event.external_id)
    facts = await consent.facts_at(ws, event.sender.address)
    stop = await _last_stop(ws, event)
    if stop is not None and any(each.evidence == evidence and each.state == "lifted" for each in facts):
        text = await _from_us(ws, confirmations.in_language(language).start)
        await _say(ws, account, event, conversation, text, ids.derived("start", account.id, stop.evidence))


async def _last_stop(ws: Workspace, event: InboundMessage) -> ConsentFact | None:
    """The word with which the last stop began: said again while it stood, it was the same one."""
    facts = [each for each in await consent.facts_at(ws, event.sender.address) if "marketing" in each.purposes]
    found: ConsentFact | None = None
    stands = False
    for fact in sorted(facts, key=lambda each: (each.at, each.recorded_at or each.at)):
        if fact.state == "withdrawn" and fact.source == KEYWORD:
            found = found if stands else fact
            stands = True
        elif fact.state in ("lifted", "granted"):
            stands = False
    return found


async def _help_out(
    ws: Workspace, account: ChannelAccount, event: InboundMessage, conversation: Conversation, language: str
) -> None:
    """Says who we are and how it ends; in their language where the words have not been changed."""
    settled = (await pacing.settled(ws)).pacing.help_answer
    own = confirmations.in_language(language).help
    if settled == pacing.Pacing().help_answer and own:
        settled = f"{{business}}: {own}"
    if settled:
        text = settled.replace("{business}", await _business(ws))
        await _say(ws, account, event, conversation, text, ids.derived("help", account.id, event.external_id))


async def _ask(
    ws: Workspace, account: ChannelAccount, event: InboundMessage, conversation: Conversation, said: str
) -> None:
    """
    Asks whoever may have asked us to stop in their own words what they meant; at most once a day. In their language
    where we have the words.
    """
    language = wishes.may_mean_stop(said)
    if language is None:
        return
    settled = (await pacing.settled(ws)).pacing.hold_question
    question = wishes.QUESTIONS.get(language, settled) if settled == wishes.QUESTIONS["en"] else settled
    if question:
        key = ids.derived("hold", conversation.contact_id, f"{ws.clock.now():%Y-%m-%d}")
        await _say(ws, account, event, conversation, question, key)


async def _business(ws: Workspace) -> str:
    found = await workspaces.get(ws.runtime.mongo, ws.id)
    return found.name if found else ""


async def _from_us(ws: Workspace, words: str) -> str:
    """Who says it stands before it."""
    name = await _business(ws)
    return f"{name}: {words}" if name else words


async def _say(
    ws: Workspace,
    account: ChannelAccount,
    event: InboundMessage,
    conversation: Conversation,
    text: str,
    client_id: str,
    purpose: Purpose = Purpose.SERVICE,
) -> None:
    """A message like any other, told once however often it is worked off; what the gate keeps back is not told."""
    draft = outbox.Draft(
        content=Text(text=text),
        author=Author("bot", account.id, account.name),
        client_id=client_id,
        purpose=purpose,
        account_id=account.id,
        address=str(event.sender.address),
    )
    with suppress(AppError):
        await outbox.enqueue(ws, conversation, draft)
