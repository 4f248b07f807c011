"""
Queries on articles and their versions.

`facets` are the lists that an article stands in. `tokens` are the words it is found by, each behind the shelf it stands
on and its language, so that readers and colleagues look through what is theirs only: `public|en|lamp`, and
`public|en^la` for how a word begins.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from app.core import rows
from app.core.mongo import Document
from app.core.runtime import Workspace
from inbox.help import articles, finding
from inbox.store import counters, windows

_EARLIEST = windows.EARLIEST
_KEPT_APART = frozenset(("_id", "workspace_id", "facets", "tokens", "titles"))
_IN_LISTS = ("number", "texts.language", "texts.title", "texts.slug", "texts.ready", "category_id", "position")


def facets(article: articles.Article) -> list[str]:
    found = [
        "all",
        f"status:{article.status}",
        f"shelf:{article.shelf}",
        f"internal:{article.internal}",
        f"category:{article.category_id}",
        f"{article.shelf}:category:{article.category_id}",
    ]
    return found + [f"language:{text.language}" for text in article.texts]


def _to_row(article: articles.Article) -> Document:
    row: Document = rows.plain(article)
    row["_id"] = row.pop("id")
    row["facets"] = facets(article)
    row["tokens"], row["titles"] = finding.tokens_of(article)
    return row


def _from_row(row: Document) -> articles.Article:
    values = {name: value for name, value in row.items() if name not in _KEPT_APART}
    values["texts"] = tuple(articles.Text(**text) for text in row["texts"])
    return articles.Article(id=row["_id"], **values)


async def next_number(ws: Workspace) -> int:
    """Given to nobody else. Raises Conflict."""
    return await counters.next_number(ws, "articles")


async def insert(ws: Workspace, article: articles.Article) -> None:
    await ws.db.articles.insert(_to_row(article))


async def save(ws: Workspace, before: articles.Article, after: articles.Article) -> bool:
    """False if it was changed meanwhile. Its place in the category is left as it is, unless it goes to another one."""
    row = {name: value for name, value in _to_row(after).items() if name not in ("_id", "workspace_id")}
    if before.category_id == after.category_id:
        del row["position"]
    return await ws.db.articles.update({"_id": before.id, "revision": before.revision}, {"$set": row})


async def get(ws: Workspace, article_id: str) -> articles.Article | None:
    row = await ws.db.articles.get(article_id)
    return _from_row(row) if row else None


async def get_many(ws: Workspace, article_ids: Sequence[str]) -> list[articles.Article]:
    return [_from_row(row) for row in await ws.db.articles.get_many(article_ids)]


async def by_number(ws: Workspace, number: int) -> articles.Article | None:
    """Index: workspace_id, number."""
    found = await ws.db.articles.find({"number": number}, limit=1)
    return _from_row(found[0]) if found else None


async def count(ws: Workspace) -> int:
    """A few thousand at most. Index: workspace_id, facets, updated_at."""
    return len(await ws.db.articles.find({"facets": "all"}, limit=articles.MOST, fields=["_id"]))


async def page(
    ws: Workspace, wanted: articles.Wanted, *, cursor: str | None, limit: int
) -> tuple[list[articles.Article], str | None]:
    """The last changed first. Index: workspace_id, facets, updated_at."""
    asked = [
        f"category:{wanted.category_id}" if wanted.category_id is not None else None,
        f"language:{wanted.language}" if wanted.language is not None else None,
        f"internal:{wanted.internal}" if wanted.internal is not None else None,
        f"status:{wanted.status}" if wanted.status is not None else None,
    ]
    sought = [facet for facet in asked if facet is not None]
    first, rest = (sought[0] if sought else "all"), frozenset(sought[1:])

    async def read(span: Document, most: int) -> list[Document]:
        return await ws.db.articles.find({"facets": first, "updated_at": span}, limit=most)

    def fits(row: Document) -> bool:
        return rest.issubset(row["facets"]) and f"language:{wanted.missing}" not in row["facets"]

    walk = windows.Walk("updated_at", ws.clock.now() + timedelta(minutes=5), _EARLIEST, width=timedelta(days=30))
    found, following = await windows.page(walk, read, cursor=cursor, limit=limit, fits=fits)
    return [_from_row(row) for row in found], following


async def in_category(ws: Workspace, category_id: str, *, limit: int) -> list[articles.Article]:
    """In their order, whatever their state. Index: workspace_id, facets, updated_at."""
    found = await ws.db.articles.find({"facets": f"category:{category_id}"}, limit=limit)
    return sorted(map(_from_row, found), key=place)


async def public(ws: Workspace, category_id: str | None = None) -> list[finding.Listed]:
    """What readers may see, of one category or of all, in order. Index: workspace_id, facets, updated_at."""
    facet = "shelf:public" if category_id is None else f"public:category:{category_id}"
    found = await ws.db.articles.find({"facets": facet}, limit=articles.MOST, fields=[*_IN_LISTS, "updated_at"])
    return sorted(map(finding.listed, found), key=place)


def place(article: articles.Article | finding.Listed) -> tuple[int, int]:
    return article.position, article.number


async def end_of(ws: Workspace, category_id: str | None) -> int:
    """The place behind all others of a category. Index: workspace_id, facets, updated_at."""
    found = await ws.db.articles.find(
        {"facets": f"category:{category_id}"}, limit=articles.MOST, fields=["_id", "position"]
    )
    return max((row["position"] for row in found), default=-1) + 1


async def arrange(ws: Workspace, order: Sequence[str]) -> None:
    changes: list[tuple[list[str], Document, Document]] = [
        ([article_id], {}, {"$set": {"position": at}}) for at, article_id in enumerate(order)
    ]
    await ws.db.articles.update_each(changes)


async def with_token(ws: Workspace, token: str, *, limit: int) -> list[Document]:
    """Ids of articles with this token, and the tokens of their titles. Index: workspace_id, tokens."""
    return await ws.db.articles.find({"tokens": token}, limit=limit, fields=["_id", "titles"])


async def delete(ws: Workspace, article_id: str) -> None:
    await ws.db.articles.delete({"_id": article_id})
    await ws.db.article_versions.delete({"article_id": article_id})


# --- versions ---


async def keep_version(ws: Workspace, article: articles.Article) -> None:
    """Once each; those that are too old go."""
    row: Document = rows.plain(article)
    row["article_id"] = row.pop("id")
    row["_id"] = _version_id(article.id, article.revision)
    await ws.db.article_versions.insert_new([row])
    oldest = article.revision - articles.MOST_VERSIONS
    if oldest > 0:
        await ws.db.article_versions.delete({"_id": _version_id(article.id, oldest)})


async def versions(ws: Workspace, article_id: str, *, before: int, limit: int) -> list[articles.Article]:
    """The newest first. Index: workspace_id, article_id, revision; at most `articles.MOST_VERSIONS` are kept."""
    where = {"article_id": article_id, "revision": {"$gte": before - limit, "$lt": before}}
    found = await ws.db.article_versions.find(where, limit=limit)
    return sorted(map(_from_version, found), key=lambda article: -article.revision)


async def version(ws: Workspace, article_id: str, revision: int) -> articles.Article | None:
    row = await ws.db.article_versions.get(_version_id(article_id, revision))
    return _from_version(row) if row else None


def _from_version(row: Document) -> articles.Article:
    return _from_row({**{k: v for k, v in row.items() if k != "article_id"}, "_id": row["article_id"]})


def _version_id(article_id: str, revision: int) -> str:
    return f"{article_id}.{revision}"
