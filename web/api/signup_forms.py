"""Sign-up forms: pages, links and QR codes by which people agree to marketing, and how they grow."""

from html import escape
from typing import Annotated

from pydantic import Field

from app.core import qr
from app.core.clock import iso
from app.core.errors import ChangedMeanwhile, Conflict, Invalid, NotFound
from app.core.permissions import Permission
from inbox import live, signup_forms
from inbox.signup_forms import FormSettings, SignupForm
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Body, Out, Query, Time


class SignupWords(Body):
    """`agree` stands beside the box; `question` asks to confirm by text message; `thanks` comes after it."""

    title: Annotated[str, Field(min_length=1, max_length=120)]
    intro: Annotated[str, Field(max_length=1_000)] = ""
    agree: Annotated[str, Field(min_length=10, max_length=1_000)]
    question: Annotated[str, Field(min_length=1, max_length=300)] = signup_forms.Words.model_fields["question"].default
    thanks: Annotated[str, Field(min_length=1, max_length=500)] = signup_forms.Words.model_fields["thanks"].default


_Language = Annotated[str, Field(pattern=r"^[a-z]{2}$")]
_Id = Annotated[str, Field(min_length=1, max_length=100)]


class SignupSettings(Body):
    """
    `account_ids` are the senders that people agree to; `words` are by language. `word` is what an opening link sends.
    `double`: what is typed counts only when they have confirmed it. `sites` may show the page in a frame.
    """

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"\S")]
    active: bool = True
    account_ids: Annotated[tuple[_Id, ...], Field(min_length=1, max_length=20)]
    language: _Language = "en"
    words: Annotated[dict[_Language, SignupWords], Field(min_length=1, max_length=30)]
    word: Annotated[str, Field(max_length=30)] = ""
    double: bool = True
    ask_name: bool = True
    minimum_age: Annotated[int, Field(ge=0, le=21)] = 0
    terms_url: Annotated[str, Field(max_length=400)] = ""
    privacy_url: Annotated[str, Field(max_length=400)] = ""
    list_id: _Id | None = None
    tags: Annotated[tuple[_Id, ...], Field(max_length=10)] = ()
    # Web chats whose window shows it as well.
    chat_ids: Annotated[tuple[str, ...], Field(max_length=20)] = ()
    sites: Annotated[tuple[Annotated[str, Field(pattern=r"^https?://[^/\s]{1,200}$")], ...], Field(max_length=20)] = ()


class EditSignupForm(SignupSettings):
    """`version` is what the screen showed."""

    version: Annotated[int, Field(ge=1, le=2**31)]


class SignupLink(Out):
    """Opens the person's app with the form's word; `qr_svg` is the same to scan."""

    account_id: str
    channel: str
    name: str
    url: str
    qr_svg: str


class SignupFormOut(Out):
    id: str
    settings: SignupSettings
    version: int
    url: str
    qr_svg: str
    embed: str
    links: list[SignupLink]
    shown: int
    sent: int
    agreed: int
    created_at: Time
    changed_at: Time
    changed_by: str


class SignupForms(Out):
    items: list[SignupFormOut]


class GrowthQuery(Query):
    days: Annotated[int, Field(ge=1, le=366)] = 30


class GrowthDay(Out):
    day: str
    shown: int
    sent: int
    agreed: int


class Growth(Out):
    items: list[GrowthDay]


_SHOWN_DAYS = 30


async def _out(request: ApiRequest, form: SignupForm) -> SignupFormOut:
    ws = request.ws
    url = signup_forms.url(ws, form)
    links = [
        SignupLink(account_id=each.account_id, channel=each.kind, name=each.name, url=each.url, qr_svg=qr.svg(each.url))
        for each in await signup_forms.links(ws, form)
    ]
    lately = await signup_forms.growth(ws, form.id, _SHOWN_DAYS)
    return SignupFormOut(
        id=form.id,
        settings=SignupSettings.model_validate(form.settings.model_dump()),
        version=form.version,
        url=url,
        qr_svg=qr.svg(url),
        embed=f'<iframe src="{url}" title="{escape(form.settings.name)}" width="100%" height="640"></iframe>',
        links=links,
        shown=sum(day.shown for day in lately),
        sent=sum(day.sent for day in lately),
        agreed=sum(day.agreed for day in lately),
        created_at=iso(form.created_at) or "",
        changed_at=iso(form.changed_at) or "",
        changed_by=form.changed_by,
    )


def _read(body: SignupSettings) -> FormSettings:
    return FormSettings.model_validate(body.model_dump(exclude={"version"}))


async def list_forms(request: ApiRequest) -> SignupForms:
    return SignupForms(items=[await _out(request, form) for form in await signup_forms.every(request.ws)])


async def create(request: ApiRequest, body: SignupSettings) -> SignupFormOut:
    form = await signup_forms.create(request.ws, request.actor, _read(body))
    await live.publish(request.ws, live.event("signup_form", {"id": form.id}))
    return await _out(request, form)


async def get(request: ApiRequest, form_id: str) -> SignupFormOut:
    return await _out(request, await signup_forms.get(request.ws, form_id))


async def edit(request: ApiRequest, form_id: str, body: EditSignupForm) -> SignupFormOut:
    form = await signup_forms.edit(request.ws, request.actor, form_id, _read(body), body.version)
    await live.publish(request.ws, live.event("signup_form", {"id": form.id}))
    return await _out(request, form)


async def growth(request: ApiRequest, form_id: str, query: GrowthQuery) -> Growth:
    form = await signup_forms.get(request.ws, form_id)
    found = await signup_forms.growth(request.ws, form.id, query.days)
    return Growth(items=[GrowthDay(day=d.day.isoformat(), shown=d.shown, sent=d.sent, agreed=d.agreed) for d in found])


_MANAGE = Permission.CONSENT_MANAGE

ENDPOINTS = [
    Endpoint("GET", "/signup-forms", list_forms, Permission.CONTACTS_READ, "Forms by which people agree, newest first"),
    Endpoint("POST", "/signup-forms", create, _MANAGE, "Make a form", status=201, errors=(Invalid, Conflict, NotFound)),
    Endpoint(
        "GET",
        "/signup-forms/{form_id}",
        get,
        Permission.CONTACTS_READ,
        "One form, with its page, links and QR codes; figures are of the last 30 days",
        errors=(NotFound,),
    ),
    Endpoint(
        "PUT",
        "/signup-forms/{form_id}",
        edit,
        _MANAGE,
        "Change a form: its next version; what was shown before stays as evidence",
        errors=(NotFound, Invalid, ChangedMeanwhile),
    ),
    Endpoint(
        "GET",
        "/signup-forms/{form_id}/growth",
        growth,
        Permission.CONTACTS_READ,
        "Shown, sent and agreed, by day",
        errors=(NotFound,),
    ),
]
