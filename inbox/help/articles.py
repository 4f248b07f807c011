"""
Articles: a text in one or more languages, in a category, as a draft, published or archived; for everyone or for
colleagues only.

An article is changed as a whole against its revision, and each revision is kept: what it said before can be looked at,
and be brought back. Its number stands in its address and never changes; the words beside it may.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from app.core import audit, ids
from app.core.audit import Target
from app.core.errors import Change, ChangedMeanwhile, Conflict, Invalid, NotFound
from app.core.permissions import Actor
from app.core.runtime import Workspace
from inbox import files, live
from inbox.help import help_centre, languages, listening, markdown
from inbox.help.slugs import slug_of
from inbox.store import articles as store

Status = Literal["draft", "published", "archived"]
# Who comes upon it: everybody, colleagues, those who write, those who look for it.
Shelf = Literal["public", "internal", "draft", "archived"]

MOST = 2_000
MOST_TITLE_CHARS = 200
MOST_BODY_CHARS = 50_000
MOST_VERSIONS = 200
_SHORT_CHARS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """The article in one language. `slug` is the readable part of its address; while not `ready`, nobody reads it."""

    language: str
    title: str
    slug: str = ""
    body: str = ""
    ready: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """`position` is its place in its category; `by_id` and `by_name` are who made it what it is now."""

    id: str
    number: int
    status: Status = "draft"
    internal: bool = False
    category_id: str | None = None
    texts: tuple[Text, ...]
    position: int = 0
    author_id: str
    author_name: str
    by_id: str
    by_name: str
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None = None
    revision: int = 1

    @property
    def title(self) -> str:
        return self.texts[0].title

    @property
    def shelf(self) -> Shelf:
        if self.status != "published":
            return self.status
        return "internal" if self.internal else "public"

    def text(self, language: str) -> Text | None:
        """In exactly this language, if it may be read."""
        return next((text for text in self.texts if text.language == language and text.ready), None)

    def text_for(self, spoken: str | None) -> Text:
        """What suits somebody who speaks this best."""
        ready = tuple(text for text in self.texts if text.ready) or self.texts
        language = languages.best(spoken, tuple(text.language for text in ready))
        return next(text for text in ready if text.language == language)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a writer wants it to be."""

    texts: tuple[Text, ...]
    category_id: str | None = None
    internal: bool = False
    status: Status = "draft"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to list; None: any. `missing` is a language in which there is no text yet."""

    status: Status | None = None
    category_id: str | None = None
    internal: bool | None = None
    language: str | None = None
    missing: str | None = None


async def get(ws: Workspace, article_id: str) -> Article:
    """Raises NotFound."""
    article = await store.get(ws, article_id)
    if article is None:
        raise NotFound("There is no such article.")
    return article


async def readable(ws: Workspace, article_id: str, *, writes: bool) -> Article:
    """One that is published, or any for whoever writes them. Raises NotFound."""
    article = await get(ws, article_id)
    if article.status != "published" and not writes:
        raise NotFound("There is no such article.")
    return article


async def page(ws: Workspace, wanted: Wanted, *, cursor: str | None, limit: int) -> tuple[list[Article], str | None]:
    """The last changed first."""
    return await store.page(ws, wanted, cursor=cursor, limit=limit)


async def create(ws: Workspace, actor: Actor, draft: Draft) -> Article:
    """Raises Invalid, Conflict (there are too many)."""
    texts = await _checked(ws, draft, before=())
    if await store.count(ws) >= MOST:
        raise Conflict(f"There are {MOST} articles; delete some that nobody needs any more.")
    now = ws.clock.now()
    article = Article(
        id=ids.new("art"),
        number=await store.next_number(ws),
        status=draft.status,
        internal=draft.internal,
        category_id=draft.category_id,
        texts=texts,
        position=await store.end_of(ws, draft.category_id),
        author_id=actor.member_id or actor.id,
        author_name=actor.name,
        by_id=actor.id,
        by_name=actor.name,
        created_at=now,
        updated_at=now,
        published_at=now if draft.status == "published" else None,
    )
    async with live.announced(ws, "article", article.id):
        await store.insert(ws, article)
        await _tell(ws, actor, "article.created", article)
    return article


async def change(
    ws: Workspace, actor: Actor, article_id: str, draft: Draft, revision: int, *, action: str = "article.changed"
) -> Article:
    """
    The article as the writer wants it, who saw it at `revision`.

    Raises NotFound, Invalid, ChangedMeanwhile: what a colleague has made of it since then.
    """
    now = await get(ws, article_id)
    if now.revision != revision:
        raise await _changed_meanwhile(ws, now, revision)
    texts = await _checked(ws, draft, before=now.texts)
    at = ws.clock.now()
    after = replace(
        now,
        status=draft.status,
        internal=draft.internal,
        category_id=draft.category_id,
        texts=texts,
        position=now.position if draft.category_id == now.category_id else await store.end_of(ws, draft.category_id),
        published_at=at if draft.status == "published" and now.status != "published" else now.published_at,
    )
    if after == now:
        return now
    after = replace(after, by_id=actor.id, by_name=actor.name, updated_at=at, revision=now.revision + 1)
    if draft.status != now.status:
        action = {"published": "article.published", "archived": "article.archived"}.get(draft.status, action)
    async with live.announced(ws, "article", article_id):
        # First what it was: a crash in between leaves a version that is there as the article still, and is not shown.
        await store.keep_version(ws, now)
        if not await store.save(ws, now, after):
            raise await _changed_meanwhile(ws, await get(ws, article_id), revision)
        await _tell(ws, actor, action, after, {"changed": list(_differences(now, after))})
    return after


async def restore(ws: Workspace, actor: Actor, article_id: str, version: int, revision: int) -> Article:
    """
    Its texts as they were at a version; where it stands and who may read it stays. It becomes the newest version.

    Raises NotFound, Invalid (a picture of then is gone), ChangedMeanwhile.
    """
    now = await get(ws, article_id)
    then = await version_of(ws, now, version)
    draft = Draft(then.texts, now.category_id, now.internal, now.status)
    return await change(ws, actor, article_id, draft, revision, action="article.restored")


async def remove(ws: Workspace, actor: Actor, article_id: str) -> None:
    """With its versions and what was said of it. Raises NotFound."""
    article = await get(ws, article_id)
    async with live.announced(ws, "article", article_id):
        await listening.forget(ws, article_id)
        await store.delete(ws, article_id)
        await _tell(ws, actor, "article.deleted", article)


async def arrange(ws: Workspace, actor: Actor, category_id: str, article_ids: Sequence[str]) -> None:
    """
    Put the articles of a category in this order; those that are not named come after them. Raises NotFound, Conflict.
    """
    centre = await help_centre.get(ws)
    if (category := centre.category(category_id)) is None:
        raise NotFound("There is no such category.")
    there = [article.id for article in await store.in_category(ws, category_id, limit=MOST)]
    if gone := set(article_ids) - set(there):
        raise Conflict(f"{len(gone)} of these articles are in another category now; look at the list again.")
    order = [*article_ids, *(article_id for article_id in there if article_id not in article_ids)]
    async with live.announced(ws, "help_centre", category_id):
        await store.arrange(ws, order)
        target = Target("help_category", category_id, category.name(centre.languages[0]))
        await audit.record(ws, actor, "article.ordered", target, {"articles": len(order)})
        await live.publish(ws, live.event("article", {"id": ""}))


async def versions(ws: Workspace, article: Article, *, before: int | None, limit: int) -> list[Article]:
    """What it was, the newest first; the article as it is now is the first of them."""
    older = await store.versions(ws, article.id, before=min(before or article.revision, article.revision), limit=limit)
    return ([article] if before is None else []) + older


async def version_of(ws: Workspace, article: Article, revision: int) -> Article:
    """Raises NotFound."""
    found = article if revision == article.revision else await store.version(ws, article.id, revision)
    if found is None or revision > article.revision:
        raise NotFound("This version is no longer kept.")
    return found


def url(centre_url: str, article: Article, text: Text) -> str:
    """Where it is for the world; empty where it is nowhere."""
    if not centre_url or article.shelf != "public" or not text.ready:
        return ""
    return f"{centre_url}/{text.language}/{article.number}-{text.slug}"


def suiting(centre: help_centre.HelpCentre, article: Article, spoken: str | None) -> Text:
    """The text for somebody who speaks this: of the languages of the centre, as its pages are."""
    offered = tuple(each for each in centre.languages if article.text(each) is not None)
    found = article.text(languages.best(spoken, offered)) if offered else None
    return found or article.text_for(spoken)


async def _checked(ws: Workspace, draft: Draft, *, before: tuple[Text, ...]) -> tuple[Text, ...]:
    """Its texts as they are kept. Raises Invalid."""
    centre = await help_centre.get(ws)
    if draft.category_id is not None and centre.category(draft.category_id) is None:
        raise Invalid.field("category_id", "There is no such category.")
    known = {text.language for text in before} | set(centre.languages)
    spoken = [text.language for text in draft.texts]
    texts = []
    for at, text in enumerate(draft.texts):
        title = " ".join(text.title.split())
        if text.language not in known or text.language in spoken[:at]:
            raise Invalid.field(f"texts.{at}.language", "Write each language of the help centre once.")
        if not title:
            raise Invalid.field(f"texts.{at}.title", "Write a title.")
        if text.ready and draft.status == "published" and not text.body.strip():
            raise Invalid.field(f"texts.{at}.body", "Write the article, or mark this language as not ready.")
        wanted = markdown.files_of(text.body)
        stored = await files.known(ws, wanted)
        if not all(file_id in stored and _may_be_shown(stored[file_id]) for file_id in wanted):
            raise Invalid.field(f"texts.{at}.body", "A picture in the text is not a picture that was uploaded here.")
        slug = slug_of(text.slug) or slug_of(title) or "article"
        texts.append(replace(text, title=title, slug=slug, body=text.body.replace("\r\n", "\n").strip()))
    if draft.status == "published" and not any(text.ready for text in texts):
        raise Invalid.field("texts.0.ready", "At least one language must be ready before it can be published.")
    return tuple(texts)


def _may_be_shown(file: files.StoredFile) -> bool:
    """Whether it is a picture that a colleague brought: what customers sent is for nobody else's eyes."""
    return files.kind_of(file.mime) == "image" and not file.conversation_ids


async def _changed_meanwhile(ws: Workspace, now: Article, seen: int) -> ChangedMeanwhile:
    """With what is different from what the writer saw, as far as that is still kept."""
    then = await store.version(ws, now.id, seen)
    changed = _differences(then, now) if then is not None else {"article": None}
    said = (Change(what, now.by_id, now.by_name, now.updated_at, value) for what, value in changed.items())
    return ChangedMeanwhile(f"{now.by_name} has changed this article since you opened it.", *said)


def _differences(before: Article, after: Article) -> dict[str, Any]:
    """What it is now, by what has changed: `status`, `texts.fr.body`; None for a language that is gone."""
    found = {
        name: getattr(after, name)
        for name in ("status", "internal", "category_id")
        if getattr(before, name) != getattr(after, name)
    }
    old, new = ({text.language: text for text in each.texts} for each in (before, after))
    for language in dict.fromkeys((*old, *new)):
        was, is_now = old.get(language), new.get(language)
        if was is None or is_now is None:
            found[f"texts.{language}"] = is_now.title if is_now else None
            continue
        for name in ("title", "slug", "body", "ready"):
            if getattr(was, name) != (value := getattr(is_now, name)):
                long = isinstance(value, str) and len(value) > _SHORT_CHARS
                found[f"texts.{language}.{name}"] = f"{value[:_SHORT_CHARS]}…" if long else value
    return found


async def _tell(
    ws: Workspace, actor: Actor, action: str, article: Article, detail: Mapping[str, Any] | None = None
) -> None:
    await audit.record(ws, actor, action, Target("article", article.id, article.title), detail)
    await live.publish(ws, live.event("article", {"id": article.id}))
