"""
How a workspace's help centre is set up: its address, its languages, its categories in their order.

One row per workspace, changed as a whole against its revision. Until it is opened, nobody outside sees anything of it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from app.core import audit
from app.core.audit import Target
from app.core.errors import Change, ChangedMeanwhile, Conflict, Invalid
from app.core.permissions import Actor
from app.core.platform import help_sites, workspaces
from app.core.runtime import Workspace
from inbox import live, usage
from inbox.help import languages
from inbox.help.slugs import slug_of
from inbox.store import articles as article_rows
from inbox.store import help_centre as store

MOST_LANGUAGES = 12
MOST_CATEGORIES = 50
COLOR = "#4a50d8"
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_COLOR = re.compile(r"#[0-9a-f]{6}")
_TRIES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """`id` stands in its address. `names` and `texts` are by language; the first language has a name."""

    id: str
    names: Mapping[str, str]
    texts: Mapping[str, str] = field(default_factory=dict)

    def name(self, language: str) -> str:
        return self.names.get(language) or next(iter(self.names.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpCentre:
    """
    `slug` is its address; a part of one, `/help/<slug>`. `name` and `color` are empty where those of the workspace and
    of its chat widget are meant. The first of `languages` is for whoever speaks none of them.
    """

    slug: str = ""
    open: bool = False
    name: str = ""
    color: str = ""
    languages: tuple[str, ...] = ("en",)
    welcome: Mapping[str, str] = field(default_factory=dict)
    categories: tuple[Category, ...] = ()
    revision: int = 0

    def category(self, category_id: str | None) -> Category | None:
        return next((each for each in self.categories if each.id == category_id), None)


@dataclass(frozen=True, slots=True)
class Brand:
    """What stands at the top of every page."""

    name: str
    color: str


async def get(ws: Workspace) -> HelpCentre:
    return await store.get(ws) or HelpCentre()


async def save(ws: Workspace, actor: Actor, wanted: HelpCentre) -> HelpCentre:
    """
    Replace what has `wanted.revision`. Raises Invalid, Conflict (the address is taken, a category is in use),
    ChangedMeanwhile.
    """
    wanted = _checked(wanted)
    now = await get(ws)
    if now.revision != wanted.revision:
        raise ChangedMeanwhile("A colleague has just changed the help centre.", *_changes(now, wanted))
    for category in now.categories:
        if wanted.category(category.id) is None and (
            there := await article_rows.in_category(ws, category.id, limit=20)
        ):
            uses = [usage.Use("article", article.id, article.title) for article in there]
            raise usage.InUse(f"category “{category.name(now.languages[0])}”", uses)
    if not wanted.slug and wanted.open:
        wanted = replace(wanted, slug=await _free_slug(ws))
    elif wanted.slug and not await help_sites.take(ws.runtime.mongo, wanted.slug, ws.id):
        raise Conflict(f"The address {wanted.slug} is taken; choose another one.", code="address_taken")
    saved = replace(wanted, revision=now.revision + 1)
    async with live.announced(ws, "help_centre", ws.id):
        if not await store.save(ws, saved):
            now = await get(ws)
            raise ChangedMeanwhile("A colleague has just changed the help centre.", *_changes(now, wanted))
        detail = {"open": saved.open, "address": saved.slug, "categories": [c.id for c in saved.categories]}
        await audit.record(ws, actor, "help_centre.changed", Target("help_centre", ws.id, "Help centre"), detail)
        await live.publish(ws, live.event("help_centre", {"id": ws.id}))
    return saved


async def brand(ws: Workspace, centre: HelpCentre) -> Brand:
    name, color = centre.name, centre.color
    if not name:
        workspace = await workspaces.get(ws.runtime.mongo, ws.id)
        name = workspace.name if workspace else ""
    if not color:
        chosen = (str(row.config.get("color") or "") for row in await ws.runtime.accounts.of_workspace(ws.id))
        color = next((each.lower() for each in chosen if _COLOR.fullmatch(each.lower())), COLOR)
    return Brand(name, color)


def url(ws: Workspace, centre: HelpCentre) -> str:
    """Where it is for the world; empty while it is not open."""
    return f"{ws.settings.public_url}/help/{centre.slug}" if centre.open else ""


async def _free_slug(ws: Workspace) -> str:
    """An address from the workspace's name that is ours now."""
    workspace = await workspaces.get(ws.runtime.mongo, ws.id)
    wanted = slug_of(workspace.name if workspace else "", latin=True) or "help"
    for number in range(1, _TRIES):
        slug = wanted if number == 1 else f"{wanted}-{number}"
        if await help_sites.take(ws.runtime.mongo, slug, ws.id):
            return slug
    raise Conflict("Choose an address for the help centre.", code="address_taken")


def _checked(wanted: HelpCentre) -> HelpCentre:
    """Raises Invalid."""
    slug, color = wanted.slug.strip().lower(), wanted.color.strip().lower()
    if slug and (not _SLUG.fullmatch(slug) or not 2 <= len(slug) <= 60):
        raise Invalid.field("slug", "An address has 2 to 60 small letters, digits and hyphens.")
    if color and not _COLOR.fullmatch(color):
        raise Invalid.field("color", "Write the colour as # and six digits, such as #4f46e5.")
    spoken = tuple(each.strip().lower() for each in wanted.languages)
    for at, language in enumerate(spoken):
        if not languages.CODE.fullmatch(language) or spoken.count(language) > 1:
            raise Invalid.field(f"languages.{at}", "Write each language once, as its code: en, fr or pt-br.")
    named = [category.id for category in wanted.categories]
    categories = []
    for at, category in enumerate(wanted.categories):
        if not _SLUG.fullmatch(category.id) or named.count(category.id) > 1:
            raise Invalid.field(f"categories.{at}.id", "Each category has an id of its own, in letters and hyphens.")
        names = _written(category.names, spoken)
        if spoken[0] not in names:
            raise Invalid.field(f"categories.{at}.names", f"Write its name in the first language ({spoken[0]}).")
        categories.append(Category(id=category.id, names=names, texts=_written(category.texts, spoken)))
    return replace(
        wanted,
        slug=slug,
        color=color,
        name=" ".join(wanted.name.split()),
        languages=spoken,
        welcome=_written(wanted.welcome, spoken),
        categories=tuple(categories),
    )


def _written(texts: Mapping[str, str], spoken: Sequence[str]) -> dict[str, str]:
    """What is said in these languages, in their order; nothing empty."""
    return {each: text for each in spoken if (text := " ".join(texts.get(each, "").split()))}


def _changes(now: HelpCentre, wanted: HelpCentre) -> list[Change]:
    names = ("slug", "open", "name", "color", "languages", "welcome", "categories")
    return [Change(name) for name in names if getattr(now, name) != getattr(wanted, name)]
