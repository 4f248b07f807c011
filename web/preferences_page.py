"""
The preference page: which offers a person gets, and the end of all of them. Plain HTML without a script, in the
reader's language; looking at it changes nothing, so that no preview of a link ends anything.
"""

from collections.abc import Mapping
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
from crm import contacts
from crm.contacts import ContactAddress
from inbox import preferences
from web import limits, plain_pages
from web.limits import Limit
from web.state import state_of

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
    ),
}


async def show(request: Request) -> Response:
    """/p/{workspace_id}/{contact_id}/{signature}"""
    spoken = plain_pages.language(request, PHRASES)
    found = await _theirs(request)
    if found is None:
        return _answer(404, spoken, f"<h1>{escape(PHRASES[spoken].title)}</h1><p>{escape(PHRASES[spoken].gone)}</p>")
    ws, contact_id = found
    ways = await preferences.channels_of(ws, contact_id)
    saved = request.query_params.get("said") == "yes"
    return _answer(200, spoken, _body(ws, PHRASES[spoken], await _business(ws), ways, saved=saved))


async def take(request: Request) -> Response:
    """The choice: `offers` are the channels on which they are wanted, `end` ends all."""
    found = await _theirs(request)
    if found is None:
        return await show(request)
    ws, contact_id = found
    body = await request.body()
    asked = (Limit("preferences", contact_id, 30, 3_600),)
    if len(body) > _MOST_FORM_BYTES or await limits.take(ws.redis, asked):
        return Response(status_code=413 if len(body) > _MOST_FORM_BYTES else 429)
    form = parse_qs(body.decode("utf-8", "replace"), max_num_fields=300)
    spoken = plain_pages.language(request, PHRASES)
    phrases = PHRASES[spoken]
    proof = {
        "page": str(request.url.path),
        "ip": request.client.host if request.client else "",
        "browser": request.headers.get("user-agent", "")[:300],
    }
    if form.get("end"):
        await preferences.stop_all(ws, contact_id, words=phrases.stop, language=spoken, proof=proof)
    else:
        words = phrases.agree.format(business=await _business(ws))
        wanted = form.get("offers", [])
        await preferences.settle(ws, contact_id, wanted, words=words, language=spoken, proof=proof)
    return RedirectResponse(f"{request.url.path}?said=yes", 303)


async def _theirs(request: Request) -> tuple[Workspace, str] | None:
    """Whose page it is; None if the link is not one of ours."""
    runtime = state_of(request.scope)["runtime"]
    names = ("workspace_id", "contact_id", "signature")
    workspace_id, contact_id, signature = (request.path_params[name] for name in names)
    too_long = len(workspace_id + contact_id + signature) > _MOST_CHARS
    if too_long or not preferences.may_look(runtime, workspace_id, contact_id, signature):
        return None
    ws = runtime.workspace(workspace_id)
    try:
        return ws, (await contacts.get(ws, contact_id)).id
    except NotFound:
        return None


async def _business(ws: Workspace) -> str:
    known = await workspaces.get(ws.runtime.mongo, ws.id)
    return known.name if known else ""


def _body(ws: Workspace, phrases: Phrases, business: str, ways: Ways, *, saved: bool) -> str:
    head = f"<small>{escape(business)}</small><h1>{escape(phrases.title)}</h1><p>{escape(phrases.intro)}</p>"
    if saved:
        head += f'<p class="saved" role="status">{escape(phrases.saved)}</p>'
    if not ways:
        return f"{head}<p>{escape(phrases.never)}</p>"
    choices = "".join(_choice(ws, phrases, business, kind, rows) for kind, rows in ways.items())
    buttons = (
        f'<div class="buttons"><button>{escape(phrases.save)}</button>'
        f'<button name="end" value="all">{escape(phrases.stop)}</button></div>'
    )
    return f'{head}<form method="post">{choices}{buttons}</form>'


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
