"""
The page of a sign-up form: what somebody agrees to, word for word, and the box that nobody ticks for them. Plain HTML
without a script, in the reader's language; it may stand in a frame on the business's own sites.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import Invalid
from app.core.platform import signup_forms as platform
from app.core.platform import workspaces
from app.core.runtime import Workspace
from channels import registry
from inbox import signup_forms
from inbox.signup_forms import FormSettings, Given, Link, SignupForm, Words
from inbox.store import signup_forms as store
from web import forms, limits, plain_pages
from web.limits import Limit
from web.state import state_of

_MOST_TYPED = 200
# A field that people do not see, and programs fill in.
_TRAP = "website"


@dataclass(frozen=True, slots=True)
class Phrases:
    name: str
    phone: str
    send: str
    age: str
    terms: str
    privacy: str
    tick: str
    wrong_phone: str
    often: str
    app: str
    confirm: str
    answer: str
    open_in: str
    gone: str


PHRASES: Final[Mapping[str, Phrases]] = {
    "en": Phrases(
        "Name",
        "Phone number, with its country (+…)",
        "Yes, sign me up",
        "I am at least {age} years old.",
        "Terms",
        "Privacy",
        "Please tick every box: we need your clear yes.",
        "This is no phone number. Write it with its country, as +233…",
        "Too many tries. Please come back later.",
        "Or agree in the app: open it and send the word that is written there.",
        "One more step: open the app and send the word that is written there.",
        "We have sent you a text message. Answer YES, and only then it counts.",
        "Open {app}",
        "This page is closed.",
    ),
    "fr": Phrases(
        "Nom",
        "Numéro de téléphone, avec le pays (+…)",
        "Oui, je m'inscris",
        "J'ai au moins {age} ans.",
        "Conditions",
        "Confidentialité",
        "Cochez chaque case : il nous faut votre accord clair.",
        "Ce n'est pas un numéro. Écrivez-le avec le pays, comme +233…",
        "Trop d'essais. Revenez plus tard.",
        "Ou acceptez dans l'application : ouvrez-la et envoyez le mot qui s'y trouve.",
        "Encore une étape : ouvrez l'application et envoyez le mot qui s'y trouve.",
        "Nous vous avons envoyé un SMS. Répondez OUI, et cela compte alors seulement.",
        "Ouvrir {app}",
        "Cette page est fermée.",
    ),
    "es": Phrases(
        "Nombre",
        "Número de teléfono, con su país (+…)",
        "Sí, apuntarme",
        "Tengo al menos {age} años.",
        "Condiciones",
        "Privacidad",
        "Marque cada casilla: necesitamos su sí claro.",
        "No es un número. Escríbalo con su país, como +233…",
        "Demasiados intentos. Vuelva más tarde.",
        "O acepte en la aplicación: ábrala y envíe la palabra que aparece.",
        "Un paso más: abra la aplicación y envíe la palabra que aparece.",
        "Le hemos enviado un SMS. Responda SÍ; solo entonces cuenta.",
        "Abrir {app}",
        "Esta página está cerrada.",
    ),
    "pt": Phrases(
        "Nome",
        "Número de telefone, com o país (+…)",
        "Sim, inscrever-me",
        "Tenho pelo menos {age} anos.",
        "Condições",
        "Privacidade",
        "Assinale cada caixa: precisamos do seu sim claro.",
        "Não é um número. Escreva-o com o país, como +233…",
        "Demasiadas tentativas. Volte mais tarde.",
        "Ou aceite na aplicação: abra-a e envie a palavra que lá está.",
        "Mais um passo: abra a aplicação e envie a palavra que lá está.",
        "Enviámos-lhe um SMS. Responda SIM; só então conta.",
        "Abrir {app}",
        "Esta página está fechada.",
    ),
    "de": Phrases(
        "Name",
        "Telefonnummer, mit Land (+…)",
        "Ja, anmelden",
        "Ich bin mindestens {age} Jahre alt.",
        "Bedingungen",
        "Datenschutz",
        "Bitte jedes Kästchen ankreuzen: wir brauchen Ihr klares Ja.",
        "Das ist keine Telefonnummer. Schreiben Sie sie mit Land, wie +233…",
        "Zu viele Versuche. Bitte später wiederkommen.",
        "Oder in der App zustimmen: öffnen Sie sie und senden Sie das Wort, das dort steht.",
        "Noch ein Schritt: öffnen Sie die App und senden Sie das Wort, das dort steht.",
        "Wir haben Ihnen eine SMS geschickt. Antworten Sie JA, erst dann gilt es.",
        "{app} öffnen",
        "Diese Seite ist geschlossen.",
    ),
}


async def show(request: Request) -> Response:
    """/join/{form_id}"""
    found = await _form(request)
    if found is None:
        return _closed(request)
    ws, form = found
    if not request.query_params.get("preview"):
        await signup_forms.count(ws, form.id, "shown")
    return await _page(request, ws, form)


async def take(request: Request) -> Response:
    """What was typed; what is missing is said above the form."""
    found = await _form(request)
    if found is None:
        return _closed(request)
    ws, form = found
    values = {name: given[0][:_MOST_TYPED] for name, given in (await forms.read(request)).items()}
    language, words, phrases = spoken(request, form)
    if values.get(_TRAP):
        # Told as a person would be, so that nothing is learned.
        return _thanks(form, language, words, phrases, [], asked=False)
    ip = request.client.host if request.client else ""
    if await limits.take(ws.redis, allowance(form, ip, values.get("phone", ""))):
        return await _page(request, ws, form, typed=values, wrong=phrases.often, status=429)
    typed = Typed(values=values, language=language, page=signup_forms.url(ws, form), ip=ip, source=signup_forms.SOURCE)
    wrong, links = await settle(request, ws, form, typed)
    if wrong:
        return await _page(request, ws, form, typed=values, wrong=wrong)
    asked = form.settings.double and await asks_by_text(ws, form)
    return _thanks(form, language, words, phrases, links, asked=asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What somebody typed, where, and in which words it was asked."""

    values: Mapping[str, str]
    language: str
    page: str
    ip: str
    source: str


async def settle(
    request: Request, ws: Workspace, form: SignupForm, typed: Typed, more: Mapping[str, str] | None = None
) -> tuple[str, list[Link]]:
    """What is wrong with it, in their language, else the links to confirm it with."""
    phrases = PHRASES.get(typed.language, PHRASES["en"])
    boxes = ["agree", *(["age"] if form.settings.minimum_age else [])]
    if any(typed.values.get(box) != "yes" for box in boxes):
        return phrases.tick, []
    _, words = form.words_in(typed.language)
    proof = {
        "page": typed.page,
        "title": words.title,
        "ip": typed.ip,
        "browser": request.headers.get("user-agent", "")[:300],
        **({"age": phrases.age.format(age=form.settings.minimum_age)} if form.settings.minimum_age else {}),
        **({"terms": form.settings.terms_url} if form.settings.terms_url else {}),
        **(more or {}),
    }
    given = Given(typed.values.get("phone", ""), " ".join(typed.values.get("name", "").split()), typed.language)
    try:
        return "", await signup_forms.take(ws, form, given, proof, typed.source)
    except Invalid:
        return phrases.wrong_phone, []


def allowance(form: SignupForm, ip: str, phone: str) -> tuple[Limit, ...]:
    return Limit("join", f"{form.id}/{ip}", 20, 3_600), Limit("join", f"{form.id}/{phone}", 4, 86_400)


async def asks_by_text(ws: Workspace, form: SignupForm) -> bool:
    return any(account.kind == "sms" for account in await signup_forms.senders(ws, form))


def app_name(link: Link) -> str:
    return registry.adapter(link.kind).label


def fine_print(settings: FormSettings, phrases: Phrases) -> list[tuple[str, str]]:
    """Label and address of what else there is to read."""
    return [
        (label, to)
        for label, to in ((phrases.terms, settings.terms_url), (phrases.privacy, settings.privacy_url))
        if to
    ]


def spoken(request: Request, form: SignupForm) -> tuple[str, Words, Phrases]:
    """In the language that is asked for, else the reader's, else the form's own."""
    language, words = form.words_in(_wanted(request, form))
    return language, words, PHRASES.get(language, PHRASES["en"])


async def _form(request: Request) -> tuple[Workspace, SignupForm] | None:
    """None where there is none, or it is switched off."""
    runtime = state_of(request.scope)["runtime"]
    form_id = request.path_params["form_id"]
    workspace_id = await platform.workspace_of(runtime.mongo, form_id) if len(form_id) < 60 else None
    if workspace_id is None:
        return None
    ws = runtime.workspace(workspace_id)
    form = await store.get(ws, form_id)
    return (ws, form) if form is not None and form.settings.active else None


def _wanted(request: Request, form: SignupForm) -> str:
    asked = request.query_params.get("lang", "")
    if asked in form.settings.words:
        return asked
    accepted = request.headers.get("accept-language", "")
    return plain_pages.language(request, form.settings.words) if accepted else form.settings.language


def _closed(request: Request) -> Response:
    language = plain_pages.language(request, PHRASES)
    gone = PHRASES[language].gone
    return plain_pages.answer(404, language, gone, f"<h1>{escape(gone)}</h1>")


def _thanks(
    form: SignupForm, language: str, words: Words, phrases: Phrases, links: Sequence[Link], *, asked: bool
) -> Response:
    more = f"<p>{escape(phrases.answer)}</p>" if asked else ""
    if links:
        more += f"<p>{escape(phrases.confirm)}</p>{_buttons(links, phrases)}"
    body = f'<h1>{escape(words.title)}</h1><p class="saved" role="status">{escape(words.thanks)}</p>{more}'
    return plain_pages.answer(200, language, words.title, body, framed_by=_frames(form))


async def _page(
    request: Request,
    ws: Workspace,
    form: SignupForm,
    *,
    typed: Mapping[str, str] | None = None,
    wrong: str = "",
    status: int = 200,
) -> Response:
    given = typed or {}
    language, words, phrases = spoken(request, form)
    settings = form.settings
    business = await workspaces.get(ws.runtime.mongo, ws.id)
    head = f"<small>{escape(business.name if business else '')}</small><h1>{escape(words.title)}</h1>"
    if words.intro:
        head += f"<p>{escape(words.intro)}</p>"
    if wrong:
        head += f'<p class="wrong" role="alert">{escape(wrong)}</p>'
    accounts = await signup_forms.senders(ws, form)
    links = await signup_forms.links(ws, form)
    body = head
    agree = f"<span>{escape(words.agree)}</span>"
    if any(account.kind in signup_forms.TYPED for account in accounts):
        body += '<form method="post">'
        if settings.ask_name:
            body += _field("name", phrases.name, given, 'autocomplete="name"')
        body += _field("phone", phrases.phone, given, 'type="tel" autocomplete="tel" required')
        body += f'<div class="trap" aria-hidden="true"><input name="{_TRAP}" tabindex="-1" autocomplete="off"></div>'
        body += f'<label><input type="checkbox" name="agree" value="yes" required>{agree}</label>'
        if settings.minimum_age:
            age = escape(phrases.age.format(age=settings.minimum_age))
            body += f'<label><input type="checkbox" name="age" value="yes" required><span>{age}</span></label>'
        body += f'<div class="buttons"><button>{escape(phrases.send)}</button></div></form>'
    else:
        body += f"<p>{agree}</p>"
    if links:
        body += f"<p><br>{escape(phrases.app)}</p>{_buttons(links, phrases)}"
    fine = fine_print(settings, phrases)
    shown = [f'<a href="{escape(to)}" rel="noopener">{escape(label)}</a>' for label, to in fine]
    if shown:
        body += f"<p><br><small>{' · '.join(shown)}</small></p>"
    return plain_pages.answer(status, language, words.title, body, framed_by=_frames(form))


def _frames(form: SignupForm) -> tuple[str, ...]:
    """Where it is looked at before it is linked to, and the business's own sites."""
    return ("'self'", *form.settings.sites)


def _field(name: str, label: str, given: Mapping[str, str], more: str) -> str:
    value = escape(given.get(name, ""))
    return f'<label class="field">{escape(label)}<input name="{name}" value="{value}" maxlength="200" {more}></label>'


def _buttons(links: Sequence[Link], phrases: Phrases) -> str:
    made = (
        f'<a class="app" href="{escape(link.url)}" rel="noopener" target="_top">'
        f"{escape(phrases.open_in.format(app=app_name(link)))}</a>"
        for link in links
    )
    return f'<div class="buttons">{"".join(made)}</div>'
