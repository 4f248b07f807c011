"""What stands in the pages of the help centre, as HTML. Every text is escaped where it is put in."""

from collections.abc import Sequence
from html import escape

from inbox.help import markdown
from inbox.help.articles import Article, Text
from inbox.help.finding import Hit, Listed, Marked
from inbox.help.help_centre import Category
from web.help.look import Place
from web.help.phrases import phrases_of

_MOST_ON_CARD = 5
_FEWEST_HEADINGS = 3


def path_of(number: int, text: Text) -> str:
    """An article's address below the language."""
    return f"/{number}-{text.slug}"


def topic_path(category: Category) -> str:
    return f"/c/{category.id}"


def topics(place: Place, listed: Sequence[tuple[Category | None, Sequence[Listed]]]) -> str:
    """The categories with the first of their articles; last what is in none."""
    spoken = phrases_of(place.language)
    cards = []
    for category, there in listed:
        shown = _links(place, there[:_MOST_ON_CARD])
        if category is None:
            cards.append(f'<section class="card"><h2>{escape(spoken.other)}</h2>{_links(place, there)}</section>')
            continue
        name, text = escape(category.name(place.language)), escape(category.texts.get(place.language, ""))
        href = escape(place.home + topic_path(category))
        count = spoken.one_article if len(there) == 1 else spoken.articles.format(count=len(there))
        more = escape(spoken.all_of.format(name=category.name(place.language)))
        end = f'<a class="more" href="{href}">{more}</a>' if len(there) > _MOST_ON_CARD else ""
        said = f'<p class="soft">{text or escape(count)}</p>'
        cards.append(f'<section class="card"><h2><a href="{href}">{name}</a></h2>{said}{shown}{end}</section>')
    return f'<div class="topics">{"".join(cards)}</div>' if cards else f'<p class="soft">{escape(spoken.empty)}</p>'


def topic(place: Place, category: Category, there: Sequence[Listed]) -> str:
    text = escape(category.texts.get(place.language, ""))
    inside = _links(place, there) if there else f"<p>{escape(phrases_of(place.language).empty)}</p>"
    said = f'<p class="soft">{text}</p>' if text else ""
    name = escape(category.name(place.language))
    return f'{crumbs(place, None)}<section class="card"><h1>{name}</h1>{said}{inside}</section>'


def crumbs(place: Place, category: Category | None) -> str:
    spoken = phrases_of(place.language)
    steps = [f'<li><a href="{escape(place.home)}">{escape(spoken.home)}</a>']
    if category is not None:
        href = escape(place.home + topic_path(category))
        steps.append(f'<li><a href="{href}">{escape(category.name(place.language))}</a>')
    return f'<nav aria-label="{escape(spoken.home)}"><ol class="crumbs">{"".join(steps)}</ol></nav>'


def article(
    place: Place, shown: Article, text: Text, category: Category | None, related: Sequence[Listed], helpful: str
) -> str:
    spoken = phrases_of(place.language)
    files = f"/help/{place.centre.slug}/files/{shown.number}"
    body = markdown.html(text.body, lambda file_id: f"{files}/{file_id}")
    heads = markdown.headings(text.body)
    toc = ""
    if len(heads) >= _FEWEST_HEADINGS:
        items = "".join(f'<li><a href="#{escape(head.id)}">{escape(head.text)}</a>' for head in heads)
        name = escape(spoken.on_this_page)
        toc = f'<nav class="toc" aria-label="{name}"><p>{name}</p><ul>{items}</ul></nav>'
    date = f'<time datetime="{shown.updated_at:%Y-%m-%d}">{shown.updated_at:%Y-%m-%d}</time>'
    updated = escape(spoken.updated).replace("{date}", date)
    others = ""
    if category is not None and related:
        heading = escape(spoken.related.format(name=category.name(place.language)))
        others = f'<section class="next"><h2>{heading}</h2>{_links(place, related)}</section>'
    return (
        f'{crumbs(place, category)}<article class="article"><h1>{escape(text.title)}</h1>'
        f'<p class="soft">{updated}</p>{toc}<div class="body">{body}</div>{helpful}</article>{others}'
    )


def question(place: Place, path: str) -> str:
    """Was this helpful?"""
    spoken = phrases_of(place.language)
    return (
        f'<section class="helpful" id="helpful"><h2>{escape(spoken.helpful)}</h2>'
        f'<form class="choices" method="post" action="{escape(place.home + path)}/feedback">'
        f'<button name="helped" value="yes">{escape(spoken.yes)}</button>'
        f'<button name="helped" value="no">{escape(spoken.no)}</button></form></section>'
    )


def ask_for_a_word(place: Place, path: str, feedback_id: str, *, helped: bool) -> str:
    """After the vote."""
    spoken = phrases_of(place.language)
    label = escape(spoken.what_good if helped else spoken.what_missing)
    return (
        f'<section class="helpful" id="helpful"><h2 role="status">{escape(spoken.thanks)}</h2>'
        f'<form method="post" action="{escape(place.home + path)}/feedback">'
        f'<input type="hidden" name="vote" value="{escape(feedback_id)}">'
        f'<label for="word">{label}</label>'
        '<textarea id="word" name="word" rows="3" maxlength="1000" required></textarea>'
        f"<button>{escape(spoken.send)}</button></form></section>"
    )


def said_thanks(place: Place) -> str:
    thanks = escape(phrases_of(place.language).thanks_word)
    return f'<section class="helpful" id="helpful"><h2 role="status">{thanks}</h2></section>'


def results(place: Place, sought: str, hits: Sequence[Hit]) -> str:
    spoken = phrases_of(place.language)
    if not hits:
        heading = escape(spoken.nothing_found.format(sought=sought))
        return f'{crumbs(place, None)}<h1>{heading}</h1><p class="soft">{escape(spoken.try_other_words)}</p>'
    pattern = spoken.found_one if len(hits) == 1 else spoken.found
    items = []
    for hit in hits:
        href = escape(place.home + path_of(hit.article.number, hit.text))
        items.append(f'<li><a href="{href}">{_marked(hit.title)}</a><p>{_marked(hit.excerpt)}</p>')
    heading = escape(pattern.format(count=len(hits), sought=sought))
    return f'{crumbs(place, None)}<h1>{heading}</h1><ul class="hits">{"".join(items)}</ul>'


def message(heading: str, text: str) -> str:
    return f'<h1>{escape(heading)}</h1><p class="soft">{escape(text)}</p>'


def _links(place: Place, listed: Sequence[Listed]) -> str:
    items = []
    for each in listed:
        if text := each.text(place.language):
            items.append(f'<li><a href="{escape(place.home + path_of(each.number, text))}">{escape(text.title)}</a>')
    return f'<ul class="links">{"".join(items)}</ul>' if items else ""


def _marked(found: Marked) -> str:
    parts: list[str] = []
    at = 0
    for start, end in found.marks:
        parts += (escape(found.text[at:start]), "<mark>", escape(found.text[start:end]), "</mark>")
        at = end
    return "".join(parts) + escape(found.text[at:])
