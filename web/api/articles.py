"""Articles of the help centre: written, listed, searched, put into answers, and what readers say of them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from app.core.clock import iso
from app.core.errors import ChangedMeanwhile, Conflict, Invalid, NotFound
from app.core.permissions import Permission
from inbox import access
from inbox.help import articles, finding, help_centre, listening, markdown, using
from inbox.help.articles import Article, Draft, Text, Wanted
from inbox.help.finding import Hit
from inbox.help.listening import Counts
from web.api import cursors
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Body, Out, Page, Query, Time

Language = Annotated[str, Field(min_length=2, max_length=12)]
Id = Annotated[str, Field(max_length=100)]
Status = Literal["draft", "published", "archived"]
Revision = Annotated[int, Field(ge=0, le=2**53)]


class ArticleTextIn(Body):
    """`slug` is made from the title where it is empty. While not `ready`, nobody reads it."""

    language: Language
    title: Annotated[str, Field(max_length=articles.MOST_TITLE_CHARS)]
    slug: Annotated[str, Field(max_length=200)] = ""
    body: Annotated[str, Field(max_length=articles.MOST_BODY_CHARS)] = ""
    ready: bool = True


class KeepArticle(Body):
    """`body` of a text is Markdown; a picture in it is `![what it shows](/files/<file_id>)`, uploaded before."""

    texts: Annotated[list[ArticleTextIn], Field(min_length=1, max_length=help_centre.MOST_LANGUAGES)]
    category_id: Id | None = None
    internal: bool = False
    status: Status = "draft"


class ChangeArticle(KeepArticle):
    """`revision` is the one that the writer saw."""

    revision: Revision


class RestoreArticle(Body):
    version: Revision
    revision: Revision


class PreviewArticle(Body):
    body: Annotated[str, Field(max_length=articles.MOST_BODY_CHARS)]


class InsertArticle(Body):
    """Without a language: that of the conversation's contact."""

    conversation_id: Id
    form: Literal["link", "text"]
    language: Language | None = None


class ListArticles(Page):
    """`missing` is a language in which there is no text yet."""

    status: Status | None = None
    category_id: Id | None = None
    internal: bool | None = None
    language: Language | None = None
    missing: Language | None = None


class SearchArticles(Query):
    """`everywhere`: drafts and archived ones too, for those who write. Without a language: the first of the centre."""

    q: Annotated[str, Field(max_length=200)]
    language: Language | None = None
    everywhere: bool = False
    limit: Annotated[int, Field(ge=1, le=50)] = 20


class ReadArticle(Query):
    """Without a language: its first."""

    language: Language | None = None


class ListVersions(Query):
    cursor: Annotated[int | None, Field(ge=1, le=2**53)] = None
    limit: Annotated[int, Field(ge=1, le=50)] = 20


class ArticleTextOut(Out):
    """`url` is where readers find it; empty while they do not."""

    language: str
    title: str
    slug: str
    body: str
    ready: bool
    url: str


class ArticleOut(Out):
    id: str
    number: int
    status: Status
    internal: bool
    category_id: str | None
    texts: list[ArticleTextOut]
    author_name: str
    changed_by: str
    created_at: Time | None
    updated_at: Time | None
    published_at: Time | None
    revision: int
    helped: int
    failed: int
    sent: int


class ArticleTitle(Out):
    language: str
    title: str
    ready: bool
    url: str


class ArticleItem(Out):
    """An article in a list: without its bodies."""

    id: str
    number: int
    status: Status
    internal: bool
    category_id: str | None
    position: int
    titles: list[ArticleTitle]
    changed_by: str
    updated_at: Time | None
    revision: int
    helped: int
    failed: int
    sent: int


class ArticleList(Out):
    items: list[ArticleItem]
    next_cursor: str | None = None


class ArticleHit(Out):
    """`marks` are from and to, in characters."""

    id: str
    number: int
    status: Status
    internal: bool
    language: str
    title: str
    title_marks: list[tuple[int, int]]
    text: str
    marks: list[tuple[int, int]]
    url: str


class ArticleHits(Out):
    items: list[ArticleHit]
    next_cursor: str | None = None


class Suggestions(ArticleHits):
    """`asked` is the customer's message that they answer."""

    asked: str


class ArticleVersion(Out):
    revision: int
    status: Status
    changed_by: str
    at: Time | None
    title: str


class ArticleVersions(Out):
    items: list[ArticleVersion]
    next_cursor: str | None = None


class ArticleHtml(Out):
    """Harmless whatever was written."""

    html: str


class InsertedArticle(Out):
    text: str
    language: str


class ArticleFeedback(Out):
    id: str
    helped: bool
    word: str
    language: str
    at: Time | None


class ArticleFeedbackList(Out):
    items: list[ArticleFeedback]
    next_cursor: str | None = None


async def list_articles(request: ApiRequest, query: ListArticles) -> ArticleList:
    ws = request.ws
    status = query.status if _writes(request) else "published"
    wanted = Wanted(status, query.category_id, query.internal, query.language, query.missing)
    found, following = await articles.page(ws, wanted, cursor=query.cursor, limit=query.limit)
    counts = await listening.counts(ws, [article.id for article in found])
    base = await _base(request)
    items = [_item(base, article, counts[article.id]) for article in found]
    return ArticleList(items=items, next_cursor=following)


async def search(request: ApiRequest, query: SearchArticles) -> ArticleHits:
    centre = await help_centre.get(request.ws)
    shelves = finding.EVERYWHERE if query.everywhere and _writes(request) else finding.COLLEAGUES
    language = query.language or centre.languages[0]
    hits = await finding.find(request.ws, query.q, shelves=shelves, language=language, limit=query.limit)
    base = help_centre.url(request.ws, centre)
    return ArticleHits(items=[_hit(base, hit) for hit in hits])


async def suggest(request: ApiRequest, conversation_id: str) -> Suggestions:
    ws = request.ws
    conversation = await access.conversation(ws, request.actor, conversation_id)
    asked, hits = await using.suggested(ws, conversation)
    base = await _base(request)
    return Suggestions(items=[_hit(base, hit) for hit in hits], asked=asked)


async def get(request: ApiRequest, article_id: str) -> ArticleOut:
    return await _shown(request, await articles.readable(request.ws, article_id, writes=_writes(request)))


async def create(request: ApiRequest, body: KeepArticle) -> ArticleOut:
    return await _shown(request, await articles.create(request.ws, request.actor, _draft(body)))


async def change(request: ApiRequest, article_id: str, body: ChangeArticle) -> ArticleOut:
    changed = await articles.change(request.ws, request.actor, article_id, _draft(body), body.revision)
    return await _shown(request, changed)


async def remove(request: ApiRequest, article_id: str) -> None:
    await articles.remove(request.ws, request.actor, article_id)


async def preview(request: ApiRequest, body: PreviewArticle) -> ArticleHtml:
    return ArticleHtml(html=markdown.html(body.body))


async def html(request: ApiRequest, article_id: str, query: ReadArticle) -> ArticleHtml:
    article = await articles.readable(request.ws, article_id, writes=_writes(request))
    return ArticleHtml(html=markdown.html(article.text_for(query.language).body))


async def list_versions(request: ApiRequest, article_id: str, query: ListVersions) -> ArticleVersions:
    article = await articles.get(request.ws, article_id)
    found = await articles.versions(request.ws, article, before=query.cursor, limit=query.limit)
    more = bool(found) and found[-1].revision > 1
    return ArticleVersions(
        items=[
            ArticleVersion(
                revision=each.revision,
                status=each.status,
                changed_by=each.by_name,
                at=iso(each.updated_at),
                title=each.title,
            )
            for each in found
        ],
        next_cursor=str(found[-1].revision) if more else None,
    )


async def get_version(request: ApiRequest, article_id: str, revision: str) -> ArticleOut:
    article = await articles.get(request.ws, article_id)
    if not revision.isascii() or not revision.isdigit():
        raise NotFound("There is no such version.")
    return await _shown(request, await articles.version_of(request.ws, article, int(revision)))


async def restore(request: ApiRequest, article_id: str, body: RestoreArticle) -> ArticleOut:
    restored = await articles.restore(request.ws, request.actor, article_id, body.version, body.revision)
    return await _shown(request, restored)


async def insert(request: ApiRequest, article_id: str, body: InsertArticle) -> InsertedArticle:
    ws = request.ws
    conversation = await access.conversation(ws, request.actor, body.conversation_id, access.REPLY)
    article = await articles.readable(ws, article_id, writes=False)
    text, language = await using.inserted(ws, article, conversation, form=body.form, language=body.language)
    return InsertedArticle(text=text, language=language)


async def list_feedback(request: ApiRequest, article_id: str, query: Page) -> ArticleFeedbackList:
    article = await articles.get(request.ws, article_id)
    before = cursors.read(query.cursor, datetime, str)
    found = await listening.feedback(request.ws, article.id, before=before, limit=query.limit)
    following = cursors.write(found[-1].at, found[-1].id) if len(found) == query.limit else None
    return ArticleFeedbackList(
        items=[
            ArticleFeedback(id=each.id, helped=each.helped, word=each.word, language=each.language, at=iso(each.at))
            for each in found
        ],
        next_cursor=following,
    )


def _writes(request: ApiRequest) -> bool:
    return request.actor.may(Permission.ARTICLES_MANAGE)


def _draft(body: KeepArticle) -> Draft:
    texts = tuple(
        Text(language=text.language, title=text.title, slug=text.slug, body=text.body, ready=text.ready)
        for text in body.texts
    )
    return Draft(texts, body.category_id, body.internal, body.status)


async def _base(request: ApiRequest) -> str:
    return help_centre.url(request.ws, await help_centre.get(request.ws))


async def _shown(request: ApiRequest, article: Article) -> ArticleOut:
    base = await _base(request)
    counts = (await listening.counts(request.ws, [article.id]))[article.id]
    return ArticleOut(
        id=article.id,
        number=article.number,
        status=article.status,
        internal=article.internal,
        category_id=article.category_id,
        texts=[
            ArticleTextOut(
                language=text.language,
                title=text.title,
                slug=text.slug,
                body=text.body,
                ready=text.ready,
                url=articles.url(base, article, text),
            )
            for text in article.texts
        ],
        author_name=article.author_name,
        changed_by=article.by_name,
        created_at=iso(article.created_at),
        updated_at=iso(article.updated_at),
        published_at=iso(article.published_at),
        revision=article.revision,
        helped=counts.helped,
        failed=counts.failed,
        sent=counts.sent,
    )


def _item(base: str, article: Article, counts: Counts) -> ArticleItem:
    return ArticleItem(
        id=article.id,
        number=article.number,
        status=article.status,
        internal=article.internal,
        category_id=article.category_id,
        position=article.position,
        titles=[
            ArticleTitle(
                language=text.language, title=text.title, ready=text.ready, url=articles.url(base, article, text)
            )
            for text in article.texts
        ],
        changed_by=article.by_name,
        updated_at=iso(article.updated_at),
        revision=article.revision,
        helped=counts.helped,
        failed=counts.failed,
        sent=counts.sent,
    )


def _hit(base: str, hit: Hit) -> ArticleHit:
    return ArticleHit(
        id=hit.article.id,
        number=hit.article.number,
        status=hit.article.status,
        internal=hit.article.internal,
        language=hit.text.language,
        title=hit.title.text,
        title_marks=hit.title.marks,
        text=hit.excerpt.text,
        marks=hit.excerpt.marks,
        url=articles.url(base, hit.article, hit.text),
    )


_READ, _MANAGE = Permission.INBOX_READ, Permission.ARTICLES_MANAGE

ENDPOINTS = [
    Endpoint("GET", "/articles", list_articles, _READ, "Articles, the last changed first; who writes sees drafts too"),
    Endpoint("POST", "/articles", create, _MANAGE, "Write an article", status=201, errors=(Invalid, Conflict)),
    Endpoint("GET", "/articles/search", search, _READ, "Articles by their words, the best first"),
    Endpoint("POST", "/articles/preview", preview, _MANAGE, "Markdown as it will be shown", idempotent=False),
    Endpoint("GET", "/articles/{article_id}", get, _READ, "One article", errors=(NotFound,)),
    Endpoint(
        "PUT",
        "/articles/{article_id}",
        change,
        _MANAGE,
        "Change an article; 409 says what a colleague changed",
        errors=(NotFound, Invalid, ChangedMeanwhile),
    ),
    Endpoint("DELETE", "/articles/{article_id}", remove, _MANAGE, "Delete an article", errors=(NotFound,)),
    Endpoint("GET", "/articles/{article_id}/html", html, _READ, "One article as it is shown", errors=(NotFound,)),
    Endpoint(
        "GET",
        "/articles/{article_id}/versions",
        list_versions,
        _MANAGE,
        "What it was, newest first",
        errors=(NotFound,),
    ),
    Endpoint(
        "GET", "/articles/{article_id}/versions/{revision}", get_version, _MANAGE, "One version", errors=(NotFound,)
    ),
    Endpoint(
        "POST",
        "/articles/{article_id}/restore",
        restore,
        _MANAGE,
        "Bring the texts of a version back, as the newest one",
        errors=(NotFound, Invalid, ChangedMeanwhile),
    ),
    Endpoint(
        "POST",
        "/articles/{article_id}/insert",
        insert,
        Permission.INBOX_REPLY,
        "Its link or its text, as it goes into an answer",
        errors=(NotFound, Conflict),
        idempotent=False,
    ),
    Endpoint(
        "GET",
        "/articles/{article_id}/feedback",
        list_feedback,
        _MANAGE,
        "What readers said, newest first",
        errors=(NotFound, Invalid),
    ),
    Endpoint(
        "GET",
        "/conversations/{conversation_id}/articles",
        suggest,
        _READ,
        "Articles that may answer the customer's last message",
        errors=(NotFound,),
    ),
]
