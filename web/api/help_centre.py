"""How the help centre is set up, the order of its articles, and what readers looked for in vain."""

from typing import Annotated

from pydantic import Field

from app.core.clock import iso
from app.core.errors import ChangedMeanwhile, Conflict, Invalid, NotFound
from app.core.permissions import Permission
from inbox.help import articles, help_centre, listening
from inbox.help.help_centre import Category, HelpCentre
from web.api.articles import Id, Language, Revision
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Body, Out, Time

Name = Annotated[str, Field(max_length=100)]
Sentence = Annotated[str, Field(max_length=300)]
ByLanguage = Annotated[dict[Language, Sentence], Field(max_length=help_centre.MOST_LANGUAGES)]


class HelpCategoryShape(Body):
    """`id` stands in its address. Its name is needed in the first language."""

    id: Annotated[str, Field(min_length=1, max_length=60)]
    names: Annotated[dict[Language, Name], Field(max_length=help_centre.MOST_LANGUAGES)]
    texts: Annotated[ByLanguage, Field(default_factory=dict)]


class KeepHelpCentre(Body):
    """
    `slug` is its address; empty, one is made when it opens. An empty name or colour is that of the workspace, of its
    chat widget.
    """

    slug: Annotated[str, Field(max_length=60)] = ""
    open: bool = False
    name: Annotated[str, Field(max_length=100)] = ""
    color: Annotated[str, Field(max_length=7)] = ""
    languages: Annotated[tuple[Language, ...], Field(min_length=1, max_length=help_centre.MOST_LANGUAGES)]
    welcome: Annotated[ByLanguage, Field(default_factory=dict)]
    categories: Annotated[tuple[HelpCategoryShape, ...], Field(max_length=help_centre.MOST_CATEGORIES)] = ()
    revision: Revision


class HelpCentreOut(Out):
    """`url` is where readers find it; empty while it is not open. `brand` is what they see at its top."""

    slug: str
    open: bool
    name: str
    color: str
    languages: tuple[str, ...]
    welcome: dict[str, str]
    categories: list[HelpCategoryShape]
    revision: int
    url: str
    brand_name: str
    brand_color: str


class ArrangeArticles(Body):
    article_ids: Annotated[list[Id], Field(min_length=1, max_length=articles.MOST)]


class HelpMiss(Out):
    """What was looked for and not found, how often, and when last."""

    id: str
    sought: str
    language: str
    times: int
    last_at: Time | None


class HelpMisses(Out):
    items: list[HelpMiss]
    next_cursor: str | None = None


async def show(request: ApiRequest) -> HelpCentreOut:
    return await _shown(request, await help_centre.get(request.ws))


async def save(request: ApiRequest, body: KeepHelpCentre) -> HelpCentreOut:
    wanted = HelpCentre(
        slug=body.slug,
        open=body.open,
        name=body.name,
        color=body.color,
        languages=body.languages,
        welcome=body.welcome,
        categories=tuple(Category(id=each.id, names=each.names, texts=each.texts) for each in body.categories),
        revision=body.revision,
    )
    return await _shown(request, await help_centre.save(request.ws, request.actor, wanted))


async def arrange(request: ApiRequest, category_id: str, body: ArrangeArticles) -> None:
    await articles.arrange(request.ws, request.actor, category_id, list(dict.fromkeys(body.article_ids)))


async def list_misses(request: ApiRequest) -> HelpMisses:
    found = await listening.misses(request.ws)
    return HelpMisses(
        items=[
            HelpMiss(
                id=miss.id, sought=miss.sought, language=miss.language, times=miss.times, last_at=iso(miss.last_at)
            )
            for miss in found
        ]
    )


async def settle(request: ApiRequest, miss_id: str) -> None:
    await listening.settle(request.ws, request.actor, miss_id)


async def _shown(request: ApiRequest, centre: HelpCentre) -> HelpCentreOut:
    brand = await help_centre.brand(request.ws, centre)
    return HelpCentreOut(
        slug=centre.slug,
        open=centre.open,
        name=centre.name,
        color=centre.color,
        languages=centre.languages,
        welcome=dict(centre.welcome),
        categories=[
            HelpCategoryShape(id=each.id, names=dict(each.names), texts=dict(each.texts)) for each in centre.categories
        ],
        revision=centre.revision,
        url=help_centre.url(request.ws, centre),
        brand_name=brand.name,
        brand_color=brand.color,
    )


_MANAGE = Permission.ARTICLES_MANAGE

ENDPOINTS = [
    Endpoint("GET", "/help-centre", show, Permission.INBOX_READ, "How the help centre is set up"),
    Endpoint(
        "PUT",
        "/help-centre",
        save,
        _MANAGE,
        "Change it as a whole; 409 says what is in use or was changed",
        errors=(Invalid, Conflict, ChangedMeanwhile),
    ),
    Endpoint(
        "PUT",
        "/help-centre/categories/{category_id}/order",
        arrange,
        _MANAGE,
        "Put the articles of a category in order",
        errors=(NotFound, Conflict),
    ),
    Endpoint("GET", "/help-centre/misses", list_misses, _MANAGE, "What readers looked for and did not find"),
    Endpoint("DELETE", "/help-centre/misses/{miss_id}", settle, _MANAGE, "Take it off the list", errors=(NotFound,)),
]
