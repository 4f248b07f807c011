"""
The preference page: which offers a person gets, and the end of all of them. Plain HTML without a script, in the
reader's language; looking at it changes nothing, so that no preview of a link ends anything.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.core.errors import NotFound
from app.core.platform import workspaces
from app.core.runtime import Workspace
from channels import registry
from crm import contacts, pacing
from crm.contacts import Contact, ContactAddress
from inbox import preferences
from web import forms, limits, plain_pages
from web.limits import Limit
from web.state import state_of

PAUSE_DAYS = 30
# At most one in so many days, and the words for it.
OFTEN: Final[Mapping[str, str]] = {"0": "always", "7": "weekly", "30": "monthly"}
Ways = dict[str, list[ContactAddress]]
_MOST_CHARS = 300


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
    return _answer(200, spoken, _body(spoken, await business_of(ws), await offered(ws, spoken, ways), saved=saved))


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
    form = await forms.read(request)
    asked = (Limit("preferences", contact_id, 30, 3_600),)
    if await limits.take(ws.redis, asked):
        return Response(status_code=429)
    proof = {
        "page": str(request.url.path),
        "ip": request.client.host if request.client else "",
        "browser": request.headers.get("user-agent", "")[:300],
    }
    await settle(ws, contact_id, form, spoken=_spoken(request, contact), proof=proof)
    return RedirectResponse(f"{request.url.path}?said=yes", 303)


async def settle(
    ws: Workspace,
    contact_id: str,
    form: Mapping[str, Sequence[str]],
    *,
    spoken: str,
    proof: Mapping[str, str],
    among: Collection[str] | None = None,
) -> None:
    """What was chosen, as names and values of Offered; `among`: offers are settled on these channels alone."""
    phrases = PHRASES[spoken]
    if form.get("end"):
        await preferences.stop_all(ws, contact_id, words=phrases.stop, language=spoken, proof=proof)
    elif form.get("pause") or form.get("resume"):
        days = PAUSE_DAYS if form.get("pause") else 0
        words = phrases.pause if days else phrases.resume
        await preferences.pause(ws, contact_id, days, words=words, language=spoken, proof=proof)
    else:
        words = phrases.agree.format(business=await business_of(ws))
        wanted = form.get("offers", ())
        await preferences.settle(ws, contact_id, wanted, among=among, words=words, language=spoken, proof=proof)
        often = form.get("often", [""])[0]
        if often in OFTEN:
            topics = form.get("topics", ()) if form.get("asked") else None
            words = getattr(phrases, OFTEN[often])
            await preferences.wish(
                ws, contact_id, every_days=int(often), topics=topics, words=words, language=spoken, proof=proof
            )


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


async def business_of(ws: Workspace) -> str:
    known = await workspaces.get(ws.runtime.mongo, ws.id)
    return known.name if known else ""


@dataclass(frozen=True, slots=True)
class Box:
    """Something to tick, or one of several; `type` empty: nothing to choose, they have blocked us there."""

    type: str
    name: str
    value: str
    label: str
    words: str = ""
    checked: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    legend: str
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Offered:
    """All that a person may settle. `buttons` are (name, value, text); the first, without a name, saves the boxes."""

    title: str
    intro: str
    paused: str
    groups: tuple[Group, ...]
    buttons: tuple[tuple[str, str, str], ...]


async def offered(ws: Workspace, spoken: str, ways: Ways) -> Offered:
    """What may be settled of these channels, in this language, as it is settled now; nothing where there are none."""
    phrases = PHRASES[spoken]
    if not ways:
        return Offered(phrases.title, phrases.intro, "", (), ())
    business = await business_of(ws)
    topics = (await pacing.settled(ws)).pacing.topics
    wishes = preferences.wishes_of(ws, [row for rows in ways.values() for row in rows])
    groups = [Group("", tuple(_choice(ws, phrases, business, kind, rows) for kind, rows in ways.items()))]
    if topics:
        each = (
            Box("checkbox", "topics", topic.key, topic.label(spoken), checked=topic.key not in wishes.declined)
            for topic in topics
        )
        groups.append(Group(phrases.about, tuple(each)))
    rhythm = (
        Box("radio", "often", days, getattr(phrases, name), checked=int(days) == wishes.every_days)
        for days, name in OFTEN.items()
    )
    groups.append(Group(phrases.often, tuple(rhythm)))
    paused = wishes.paused_until
    while_paused = ("resume", "now", phrases.resume) if paused else ("pause", str(PAUSE_DAYS), phrases.pause)
    return Offered(
        phrases.title,
        phrases.intro,
        phrases.paused.format(day=f"{paused:%Y-%m-%d}") if paused else "",
        tuple(groups),
        (("", "", phrases.save), while_paused, ("end", "all", phrases.stop)),
    )


def _choice(ws: Workspace, phrases: Phrases, business: str, kind: str, rows: list[ContactAddress]) -> Box:
    """Whoever has the link learns no more of a number than its end."""
    number = next((row.address.value for row in rows if row.address.value.startswith("+")), "")
    label = registry.adapter(kind).label + (f" …{number[-4:]}" if number else "")
    known = [each for row in rows for name, each in row.consent.items() if name.partition("@")[0] == "marketing"]
    if any(each.blocked_at for each in known):
        return Box("", "offers", kind, label, phrases.blocked)
    words = phrases.agree.format(business=business)
    return Box("checkbox", "offers", kind, label, words, preferences.gets_offers(ws, rows))


def _body(spoken: str, business: str, found: Offered, *, saved: bool) -> str:
    phrases = PHRASES[spoken]
    head = f"<small>{escape(business)}</small><h1>{escape(found.title)}</h1><p>{escape(found.intro)}</p>"
    if saved:
        head += f'<p class="saved" role="status">{escape(phrases.saved)}</p>'
    if not found.groups:
        return f"{head}<p>{escape(phrases.never)}</p>"
    if found.paused:
        head += f"<p><b>{escape(found.paused)}</b></p>"
    return f'{head}<form method="post">{"".join(map(_group, found.groups))}{_buttons(found.buttons)}</form>'


def _group(group: Group) -> str:
    boxes = "".join(map(_box, group.boxes))
    if not group.legend:
        return boxes
    asked = '<input type="hidden" name="asked" value="topics">' if group.boxes[0].name == "topics" else ""
    return f"<fieldset><legend>{escape(group.legend)}</legend>{asked}{boxes}</fieldset>"


def _box(box: Box) -> str:
    label = escape(box.label)
    words = f"<span><b>{label}</b><small>{escape(box.words)}</small></span>" if box.words else f"<span>{label}</span>"
    if not box.type:
        return f'<div class="blocked">{words}</div>'
    checked = " checked" if box.checked else ""
    return f'<label><input type="{box.type}" name="{box.name}" value="{escape(box.value)}"{checked}>{words}</label>'


def _buttons(buttons: Sequence[tuple[str, str, str]]) -> str:
    def one(name: str, value: str, text: str) -> str:
        named = f' name="{name}" value="{value}"' if name else ""
        quiet = ' class="quiet"' if name == "pause" else ""
        return f"<button{named}{quiet}>{escape(text)}</button>"

    return f'<div class="buttons">{"".join(one(*each) for each in buttons)}</div>'


def _answer(status: int, language: str, body: str) -> Response:
    return plain_pages.answer(status, language, PHRASES[language].title, body)
