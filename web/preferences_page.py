"""
The preference page: which offers a person gets, and the end of all of them. Plain HTML without a script, in the
reader's language; looking at it changes nothing, so that no preview of a link ends anything.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.core.errors import NotFound
from app.core.platform import workspaces
from app.core.runtime import Workspace
from channels import registry
from crm import contacts, pacing
from crm.contacts import Contact, ContactAddress
from inbox import preferences
from web import limits, plain_pages
from web.limits import Limit
from web.state import state_of

PAUSE_DAYS = 30
# At most one in so many days, and the words for it.
OFTEN: Final[Mapping[str, str]] = {"0": "always", "7": "weekly", "30": "monthly"}
Ways = dict[str, list[ContactAddress]]
_MOST_CHARS = 300
_MOST_FORM_BYTES = 20_000


@dataclass(frozen=True, slots=True)
class Phrases:
    title: str
    intro: str
    agree: str
    save: str
    stop: str
    saved: str
    never: str
    blocked: str
    gone: str
    often: str
    always: str
    weekly: str
    monthly: str
    about: str
    pause: str
    paused: str
    resume: str


PHRASES: Final[Mapping[str, Phrases]] = {
    "en": Phrases(
        "What we may send you",
        "Answers to your questions and news of your orders come in any case.",
        "Yes, {business} may send me offers here. I can end that at any time.",
        "Save",
        "Stop all offers",
        "Saved. This holds from now on.",
        "There is no address at which we could write to you.",
        "You have blocked us here.",
        "This link is not complete. Please open it again from your messages.",
        "How often?",
        "As they come",
        "At most one a week",
        "At most one a month",
        "About what?",
        "No offers for 30 days",
        "No offers until {day}.",
        "Go on now",
    ),
    "fr": Phrases(
        "Ce que nous pouvons vous envoyer",
        "Les réponses à vos questions et le suivi de vos commandes arrivent dans tous les cas.",
        "Oui, {business} peut m'envoyer des offres ici. Je peux y mettre fin à tout moment.",
        "Enregistrer",
        "Arrêter toutes les offres",
        "C'est enregistré, avec effet immédiat.",
        "Nous n'avons aucune adresse pour vous écrire.",
        "Vous nous avez bloqués ici.",
        "Ce lien est incomplet. Ouvrez-le à nouveau depuis vos messages.",
        "À quelle fréquence ?",
        "Quand il y en a",
        "Une par semaine au plus",
        "Une par mois au plus",
        "À quel sujet ?",
        "Pas d'offres pendant 30 jours",
        "Pas d'offres jusqu'au {day}.",
        "Reprendre maintenant",
    ),
    "es": Phrases(
        "Lo que podemos enviarle",
        "Las respuestas a sus preguntas y las noticias de sus pedidos llegan siempre.",
        "Sí, {business} puede enviarme ofertas aquí. Puedo terminarlo cuando quiera.",
        "Guardar",
        "Terminar todas las ofertas",
        "Guardado. Vale desde ahora.",
        "No tenemos ninguna dirección para escribirle.",
        "Nos ha bloqueado aquí.",
        "Este enlace no está completo. Ábralo de nuevo desde sus mensajes.",
        "¿Con qué frecuencia?",
        "Cuando las haya",
        "Como mucho una por semana",
        "Como mucho una al mes",
        "¿Sobre qué?",
        "Sin ofertas durante 30 días",
        "Sin ofertas hasta el {day}.",
        "Seguir ahora",
    ),
    "pt": Phrases(
        "O que lhe podemos enviar",
        "As respostas às suas perguntas e as notícias dos seus pedidos chegam sempre.",
        "Sim, {business} pode enviar-me ofertas aqui. Posso terminar a qualquer momento.",
        "Guardar",
        "Parar todas as ofertas",
        "Guardado. Vale a partir de agora.",
        "Não temos nenhum endereço para lhe escrever.",
        "Bloqueou-nos aqui.",
        "Esta ligação não está completa. Abra-a de novo a partir das suas mensagens.",
        "Com que frequência?",
        "Quando houver",
        "No máximo uma por semana",
        "No máximo uma por mês",
        "Sobre o quê?",
        "Sem ofertas durante 30 dias",
        "Sem ofertas até {day}.",
        "Continuar agora",
    ),
    "de": Phrases(
        "Was wir Ihnen senden dürfen",
        "Antworten auf Ihre Fragen und Nachrichten zu Bestellungen kommen in jedem Fall.",
        "Ja, {business} darf mir hier Angebote senden. Ich kann das jederzeit beenden.",
        "Speichern",
        "Alle Angebote beenden",
        "Gespeichert. Das gilt ab sofort.",
        "Wir haben keine Adresse, an die wir Ihnen schreiben könnten.",
        "Sie haben uns hier blockiert.",
        "Dieser Link ist nicht vollständig. Bitte öffnen Sie ihn noch einmal aus Ihren Nachrichten.",
        "Wie oft?",
        "Wenn es welche gibt",
        "Höchstens eines in der Woche",
        "Höchstens eines im Monat",
        "Worüber?",
        "30 Tage lang keine Angebote",
        "Keine Angebote bis {day}.",
        "Jetzt weiter",
    ),
}


async def show(request: Request) -> Response:
    """/p/{workspace_id}/{contact_id}/{signature}"""
    found = await _theirs(request)
    if found is None:
        spoken = plain_pages.language(request, PHRASES)
        return _answer(404, spoken, f"<h1>{escape(PHRASES[spoken].title)}</h1><p>{escape(PHRASES[spoken].gone)}</p>")
    ws, contact = found
    spoken = _spoken(request, contact)
    ways = await preferences.channels_of(ws, contact.id)
    saved = request.query_params.get("said") == "yes"
    topics = (await pacing.settled(ws)).pacing.topics
    return _answer(200, spoken, _body(ws, spoken, await _business(ws), ways, topics, saved=saved))


async def take(request: Request) -> Response:
    """
    The choice: `offers` are the channels on which they are wanted, `topics` what they may be about and `often` how
    often they may come; `pause` and `resume` are for a while, `end` ends all.
    """
    found = await _theirs(request)
    if found is None:
        return await show(request)
    ws, contact = found
    contact_id = contact.id
    body = await request.body()
    asked = (Limit("preferences", contact_id, 30, 3_600),)
    if len(body) > _MOST_FORM_BYTES or await limits.take(ws.redis, asked):
        return Response(status_code=413 if len(body) > _MOST_FORM_BYTES else 429)
    form = parse_qs(body.decode("utf-8", "replace"), max_num_fields=300)
    spoken = _spoken(request, contact)
    phrases = PHRASES[spoken]
    proof = {
        "page": str(request.url.path),
        "ip": request.client.host if request.client else "",
        "browser": request.headers.get("user-agent", "")[:300],
    }
    if form.get("end"):
        await preferences.stop_all(ws, contact_id, words=phrases.stop, language=spoken, proof=proof)
    elif form.get("pause") or form.get("resume"):
        days = PAUSE_DAYS if form.get("pause") else 0
        words = phrases.pause if days else phrases.resume
        await preferences.pause(ws, contact_id, days, words=words, language=spoken, proof=proof)
    else:
        words = phrases.agree.format(business=await _business(ws))
        wanted = form.get("offers", [])
        await preferences.settle(ws, contact_id, wanted, words=words, language=spoken, proof=proof)
        often = form.get("often", [""])[0]
        if often in OFTEN:
            topics = form.get("topics", []) if form.get("asked") else None
            words = getattr(phrases, OFTEN[often])
            await preferences.wish(
                ws, contact_id, every_days=int(often), topics=topics, words=words, language=spoken, proof=proof
            )
    return RedirectResponse(f"{request.url.path}?said=yes", 303)


async def _theirs(request: Request) -> tuple[Workspace, Contact] | None:
    """Whose page it is; None if the link is not one of ours."""
    runtime = state_of(request.scope)["runtime"]
    names = ("workspace_id", "contact_id", "signature")
    workspace_id, contact_id, signature = (request.path_params[name] for name in names)
    too_long = len(workspace_id + contact_id + signature) > _MOST_CHARS
    if too_long or not preferences.may_look(runtime, workspace_id, contact_id, signature):
        return None
    ws = runtime.workspace(workspace_id)
    try:
        return ws, await contacts.get(ws, contact_id)
    except NotFound:
        return None


def _spoken(request: Request, contact: Contact) -> str:
    """The contact's language, where it is known and ours; else the browser's."""
    known = (contact.language or "")[:2].lower()
    return known if known in PHRASES else plain_pages.language(request, PHRASES)


async def _business(ws: Workspace) -> str:
    known = await workspaces.get(ws.runtime.mongo, ws.id)
    return known.name if known else ""


def _body(ws: Workspace, spoken: str, business: str, ways: Ways, topics: Sequence[pacing.Topic], *, saved: bool) -> str:
    phrases = PHRASES[spoken]
    head = f"<small>{escape(business)}</small><h1>{escape(phrases.title)}</h1><p>{escape(phrases.intro)}</p>"
    if saved:
        head += f'<p class="saved" role="status">{escape(phrases.saved)}</p>'
    if not ways:
        return f"{head}<p>{escape(phrases.never)}</p>"
    wishes = preferences.wishes_of(ws, [row for rows in ways.values() for row in rows])
    resume = ""
    if wishes.paused_until is not None:
        head += f"<p><b>{escape(phrases.paused.format(day=f'{wishes.paused_until:%Y-%m-%d}'))}</b></p>"
        resume = f'<button name="resume" value="now">{escape(phrases.resume)}</button>'
    choices = "".join(_choice(ws, phrases, business, kind, rows) for kind, rows in ways.items())
    choices += _topics(phrases, spoken, topics, wishes.declined) + _rhythm(phrases, wishes.every_days)
    pause = f'<button name="pause" value="{PAUSE_DAYS}" class="quiet">{escape(phrases.pause)}</button>'
    buttons = (
        f'<div class="buttons"><button>{escape(phrases.save)}</button>{resume or pause}'
        f'<button name="end" value="all">{escape(phrases.stop)}</button></div>'
    )
    return f'{head}<form method="post">{choices}{buttons}</form>'


def _topics(phrases: Phrases, spoken: str, topics: Sequence[pacing.Topic], declined: Collection[str]) -> str:
    if not topics:
        return ""
    boxes = "".join(
        f'<label><input type="checkbox" name="topics" value="{escape(topic.key)}"'
        f"{'' if topic.key in declined else ' checked'}><span>{escape(topic.label(spoken))}</span></label>"
        for topic in topics
    )
    legend = escape(phrases.about)
    return f'<fieldset><legend>{legend}</legend><input type="hidden" name="asked" value="topics">{boxes}</fieldset>'


def _rhythm(phrases: Phrases, every_days: int) -> str:
    boxes = "".join(
        f'<label><input type="radio" name="often" value="{days}"{" checked" if int(days) == every_days else ""}>'
        f"<span>{escape(getattr(phrases, name))}</span></label>"
        for days, name in OFTEN.items()
    )
    return f"<fieldset><legend>{escape(phrases.often)}</legend>{boxes}</fieldset>"


def _choice(ws: Workspace, phrases: Phrases, business: str, kind: str, rows: list[ContactAddress]) -> str:
    """Whoever has the link learns no more of a number than its end."""
    number = next((row.address.value for row in rows if row.address.value.startswith("+")), "")
    label = registry.adapter(kind).label + (f" …{number[-4:]}" if number else "")
    known = [each for row in rows for name, each in row.consent.items() if name.partition("@")[0] == "marketing"]
    if any(each.blocked_at for each in known):
        return f'<div class="blocked"><span><b>{escape(label)}</b><small>{escape(phrases.blocked)}</small></span></div>'
    checked = " checked" if preferences.gets_offers(ws, rows) else ""
    words = escape(phrases.agree.format(business=business))
    return (
        f'<label><input type="checkbox" name="offers" value="{escape(kind)}"{checked}>'
        f"<span><b>{escape(label)}</b><small>{words}</small></span></label>"
    )


def _answer(status: int, language: str, body: str) -> Response:
    return plain_pages.answer(status, language, PHRASES[language].title, body)
