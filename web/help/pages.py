"""
Which address of a help centre shows what: `/help/<address>/<language>/…`.

    /help/linden                        to the reader's language
    /help/linden/en                     topics and articles
    /help/linden/en/c/returns           a topic
    /help/linden/en/12-send-it-back     an article; its number finds it, whatever the words
    /help/linden/en/search?q=           search
    /help/linden/files/12/fil_…         a picture of that article
    /help/linden/sitemap.xml            for search engines

A former address of a centre, and former words of an article, lead to the present ones. Whatever is not published, or
not for everyone, is not here: the answer is the same as for what never was.
"""

import re
from html import escape
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.core.errors import NotFound
from app.core.platform import help_sites
from app.core.runtime import Workspace
from inbox import files
from inbox.help import finding, help_centre, languages, listening
from inbox.help.articles import Article, Text
from inbox.help.finding import Listed
from inbox.help.help_centre import Category, HelpCentre
from inbox.store import articles as store
from web import chat_limits, forms, limits
from web.help import parts
from web.help.look import Page, Place, answer
from web.help.phrases import phrases_of
from web.limits import Limit
from web.state import state_of

_ARTICLE = re.compile(r"(\d{1,9})(?:-([^/]*))?")
_VOTE = re.compile(r"fbk_[0-9a-z]{26}")
_MOST_HITS = 20
_MOST_RELATED = 5
_MOST_CHARS = 200
_DAY = 86_400


async def show(request: Request) -> Response:
    """Everything below /help/<slug>, by GET."""
    ws, centre = await _centre(request)
    path = request.path_params.get("path", "")
    if request.path_params["slug"] != centre.slug:
        return _moved(request, f"/help/{centre.slug}/{path}".rstrip("/"))
    first, _, rest = path.partition("/")
    if not path:
        return _to_own_language(request, centre)
    if path == "sitemap.xml":
        return await _sitemap(ws, centre)
    if first == "files":
        return await _file(ws, rest)
    known = first in centre.languages
    place = await _place(ws, centre, first if known else centre.languages[0])
    return _fresh(request, await _shown(request, ws, place, rest) if known else _not_here(place))


async def take(request: Request) -> Response:
    """A vote, or a word to it, by POST to an article's address + /feedback."""
    ws, centre = await _centre(request)
    language, _, rest = request.path_params.get("path", "").partition("/")
    name, _, end = rest.rpartition("/")
    found = await _readable(ws, name, language)
    if end != "feedback" or language not in centre.languages or found is None:
        raise HTTPException(404)
    place = await _place(ws, centre, language)
    article, text = found
    path = parts.path_of(article.number, text)
    form = {name: given[0] for name, given in (await forms.read(request)).items()}
    asked = (_votes(request, article.number), _all_votes(request))
    if form.get("vote"):
        if await limits.take(ws.redis, asked[1:]) == 0:
            await listening.say(ws, article.id, form["vote"], form.get("word", ""))
        return _see(f"{place.home}{path}?said=yes#helpful")
    if form.get("helped") not in ("yes", "no"):
        raise HTTPException(400)
    if await limits.take(ws.redis, asked):
        # Whoever pushes the button again and again is thanked, and not counted.
        return _see(f"{place.home}{path}?said=yes#helpful")
    vote = await listening.vote(ws, article.id, language, helped=form["helped"] == "yes")
    return _see(f"{place.home}{path}?vote={vote.id}&helped={form['helped']}#helpful")


async def _shown(request: Request, ws: Workspace, place: Place, rest: str) -> Response:
    first, _, second = rest.partition("/")
    if not rest:
        return await _home(ws, place)
    if first == "search" and not second:
        return await _search(request, ws, place)
    if first == "c" and (category := place.centre.category(second)) is not None:
        return await _topic(ws, place, category)
    found = await _readable(ws, rest, place.language)
    return _not_here(place) if found is None else await _article(request, ws, place, *found)


async def _home(ws: Workspace, place: Place) -> Response:
    spoken = phrases_of(place.language)
    there = [each for each in await store.public(ws) if each.text(place.language)]
    known = {category.id for category in place.centre.categories}
    listed: list[tuple[Category | None, list[Listed]]] = [
        (category, [each for each in there if each.category_id == category.id]) for category in place.centre.categories
    ]
    listed.append((None, [each for each in there if each.category_id not in known]))
    page = Page(
        title=place.brand.name,
        body=parts.topics(place, [(category, inside) for category, inside in listed if inside]),
        path="",
        others=dict.fromkeys(place.centre.languages, ""),
        welcome=place.centre.welcome.get(place.language) or spoken.welcome,
        description=place.centre.welcome.get(place.language, ""),
    )
    return answer(place, page)


async def _topic(ws: Workspace, place: Place, category: Category) -> Response:
    there = [each for each in await store.public(ws, category.id) if each.text(place.language)]
    path = parts.topic_path(category)
    page = Page(
        title=category.name(place.language),
        body=parts.topic(place, category, there),
        path=path,
        others=dict.fromkeys(place.centre.languages, path),
        description=category.texts.get(place.language, ""),
    )
    return answer(place, page)


async def _article(request: Request, ws: Workspace, place: Place, article: Article, text: Text) -> Response:
    path = parts.path_of(article.number, text)
    if request.url.path != quote(place.home + path):
        return _moved(request, place.home + path)
    query = request.query_params
    if query.get("said"):
        helpful = parts.said_thanks(place)
    elif _VOTE.fullmatch(query.get("vote", "")):
        helpful = parts.ask_for_a_word(place, path, query["vote"], helped=query.get("helped") == "yes")
    else:
        helpful = parts.question(place, path)
    category = place.centre.category(article.category_id)
    beside = await store.public(ws, category.id) if category else []
    related = [each for each in beside if each.id != article.id and each.text(place.language)][:_MOST_RELATED]
    page = Page(
        title=text.title,
        body=parts.article(place, article, text, category, related, helpful),
        path=path,
        others={
            each.language: parts.path_of(article.number, each)
            for each in article.texts
            if each.ready and each.language in place.centre.languages
        },
        description=finding.summary(text),
        kind="article",
    )
    return answer(place, page)


async def _search(request: Request, ws: Workspace, place: Place) -> Response:
    spoken = phrases_of(place.language)
    sought = " ".join(request.query_params.get("q", "").split())[:_MOST_CHARS]
    if not sought:
        return await _home(ws, place)
    if await limits.take(ws.redis, chat_limits.searches(_ip(request))):
        return answer(place, Page(title=spoken.search, body=parts.message(spoken.too_many, ""), path=None, status=429))
    hits = await finding.find(ws, sought, shelves=finding.PUBLIC, language=place.language, limit=_MOST_HITS)
    if not hits:
        await listening.missed(ws, sought, place.language)
    others = {language: f"/search?q={quote(sought)}" for language in place.centre.languages}
    title = f"{spoken.search}: {sought}"
    page = Page(title=title, body=parts.results(place, sought, hits), path=None, sought=sought, others=others)
    return answer(place, page)


def _not_here(place: Place) -> Response:
    spoken = phrases_of(place.language)
    body = parts.message(spoken.not_found, spoken.not_found_text)
    return answer(place, Page(title=spoken.not_found, body=body, path=None, status=404))


async def _file(ws: Workspace, rest: str) -> Response:
    """A picture, as long as it stands in an article that everybody may read."""
    number, _, file_id = rest.partition("/")
    article = await store.by_number(ws, int(number)) if re.fullmatch(r"\d{1,9}", number) else None
    if article is None or article.shelf != "public" or not finding.shows(article, file_id):
        raise HTTPException(404)
    try:
        file = await files.get(ws, file_id)
        data = await files.read(ws, file.id)
    except NotFound:
        raise HTTPException(404) from None
    headers = {
        "cache-control": f"public, max-age={_DAY}",
        "content-security-policy": "default-src 'none'; sandbox",
        "content-disposition": "inline",
    }
    return Response(data, media_type=file.mime, headers=headers)


async def _sitemap(ws: Workspace, centre: HelpCentre) -> Response:
    url = help_centre.url(ws, centre)
    lines = [f"<url><loc>{escape(url)}/{language}</loc></url>" for language in centre.languages]
    for each in await store.public(ws):
        for language in centre.languages:
            if text := each.text(language):
                place = escape(f"{url}/{language}{quote(parts.path_of(each.number, text))}")
                lines.append(f"<url><loc>{place}</loc><lastmod>{each.updated_at:%Y-%m-%d}</lastmod></url>")
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        + "\n".join(lines)
        + "\n</urlset>\n"
    )
    return Response(body, media_type="application/xml", headers={"cache-control": "no-cache"})


async def _centre(request: Request) -> tuple[Workspace, HelpCentre]:
    """Raises HTTPException: there is no open help centre of this address."""
    runtime = state_of(request.scope)["runtime"]
    slug = request.path_params["slug"]
    workspace_id = await help_sites.workspace_of(runtime.mongo, slug) if len(slug) <= _MOST_CHARS else None
    if workspace_id is not None:
        ws = runtime.workspace(workspace_id)
        centre = await help_centre.get(ws)
        if centre.open:
            return ws, centre
    raise HTTPException(404)


async def _place(ws: Workspace, centre: HelpCentre, language: str) -> Place:
    brand = await help_centre.brand(ws, centre)
    return Place(centre=centre, brand=brand, language=language, url=help_centre.url(ws, centre))


async def _readable(ws: Workspace, name: str, language: str) -> tuple[Article, Text] | None:
    """The article of this address in this language, if everybody may read it."""
    match = _ARTICLE.fullmatch(name)
    article = await store.by_number(ws, int(match.group(1))) if match else None
    if article is None or article.shelf != "public":
        return None
    text = article.text(language)
    return (article, text) if text is not None else None


def _to_own_language(request: Request, centre: HelpCentre) -> Response:
    wanted = [part.partition(";")[0] for part in request.headers.get("accept-language", "").split(",")]
    spoken = [each.strip().lower() for each in wanted[:10] if each.strip()]
    chosen = centre.languages[0]
    for each in spoken:
        best = languages.best(each, centre.languages)
        if best.partition("-")[0] == each.partition("-")[0]:
            chosen = best
            break
    headers = {"vary": "accept-language", "cache-control": "no-cache"}
    return RedirectResponse(f"/help/{centre.slug}/{chosen}", 302, headers)


def _moved(request: Request, path: str) -> Response:
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(quote(path) + query, 301, {"cache-control": "no-cache"})


def _see(path: str) -> Response:
    return RedirectResponse(quote(path, safe="/?=&#"), 303)


def _fresh(request: Request, response: Response) -> Response:
    """304 where the reader has the very same page."""
    tag = response.headers.get("etag")
    if response.status_code == 200 and tag and tag in request.headers.get("if-none-match", ""):
        kept = {name: response.headers[name] for name in ("etag", "cache-control", "vary")}
        return Response(status_code=304, headers=kept)
    return response


def _ip(request: Request) -> str:
    return request.client.host if request.client else "local"


def _votes(request: Request, number: int) -> Limit:
    # Phone networks put hundreds of readers behind one address.
    return Limit("help-votes", f"{_ip(request)} {number}", 5, _DAY)


def _all_votes(request: Request) -> Limit:
    return Limit("help-all-votes", _ip(request), 60, 3_600)
