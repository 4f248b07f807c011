"""
The text of articles: Markdown as HTML that can do no harm, as plain text for messages, and as headings.

Markdown is read by markdown-it-py with HTML switched off; what comes out goes through nh3 as well, so that neither
alone has to be without fault. Pictures are files of ours; one from anywhere else becomes a link.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from inbox.help.slugs import slug_of

# How a picture stands in an article: `![A lamp](/files/fil_…)`.
_FILE = re.compile(r"/files/(fil_[0-9a-z]{1,60})")
_TAGS = {
    *(
        "h2",
        "h3",
        "h4",
        "p",
        "br",
        "hr",
        "ul",
        "ol",
        "li",
        "blockquote",
        "pre",
        "code",
        "em",
        "strong",
        "s",
        "a",
        "img",
    ),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title", "loading"},
    "ol": {"start"},
    "h2": {"id"},
    "h3": {"id"},
    "h4": {"id"},
}
_SCHEMES = {"http", "https", "mailto", "tel"}
_OPENS, _CLOSES = "heading_open", "heading_close"
# After these a message has an empty line, outside of lists.
_ENDS = frozenset(("paragraph_close", _CLOSES, "table_close", "bullet_list_close", "ordered_list_close", "fence"))

Where = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of the second level; `id` is what a link to it ends in."""

    id: str
    text: str


def html(body: str, where: Where | None = None) -> str:
    """`where` gives the address of a file by its id; None: where those who are signed in find it."""
    tokens = _parse(body)
    for token in _inline(tokens):
        _keep_pictures_ours(token, where or (lambda file_id: f"/files/{file_id}"))
    _name_headings(tokens)
    made = str(_reader.renderer.render(tokens, _reader.options, {}))
    return nh3.clean(
        made, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=_SCHEMES, link_rel="noopener noreferrer nofollow"
    )


def headings(body: str) -> list[Heading]:
    tokens = _parse(body)
    _name_headings(tokens)
    return [
        Heading(str(token.attrGet("id")), _words(tokens[at + 1]))
        for at, token in enumerate(tokens)
        if token.type == _OPENS and token.tag == "h2"
    ]


def files_of(body: str) -> list[str]:
    """Ids of the files that stand in it as pictures, each once."""
    found = (
        _FILE.fullmatch(str(child.attrGet("src"))) for token in _inline(_parse(body)) for child in _pictures(token)
    )
    return list(dict.fromkeys(match.group(1) for match in found if match))


def plain(body: str) -> str:
    """As it reads in a message: paragraphs, `•` for bullets, the address after a link's words."""
    lines: list[str] = []
    lists: list[int] = []
    begun = ""
    row = 0
    for token in _parse(body):
        if token.type == "bullet_list_open":
            lists.append(-1)
        elif token.type == "ordered_list_open":
            lists.append(int(token.attrGet("start") or 1))
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            lists.pop()
        elif token.type == "list_item_open":
            begun = "• " if lists[-1] < 0 else f"{lists[-1]}. "
            lists[-1] += lists[-1] >= 0
        elif token.type in ("inline", "fence", "code_block"):
            text = token.content.rstrip("\n") if token.type != "inline" else _words(token, links=True)
            if text:
                lines.append(f"{'  ' * (len(lists) - 1)}{begun}{text}")
                begun = ""
        elif token.type == "tr_open":
            row = len(lines)
        elif token.type == "tr_close":
            lines[row:] = [" | ".join(lines[row:])]
        if token.type in _ENDS and not lists and lines and lines[-1]:
            lines.append("")
    return "\n".join(lines).strip()


def line(body: str) -> str:
    """Its words in one line, for search and for what a page says of itself."""
    return " ".join(_words(token) for token in _parse(body) if token.type in ("inline", "fence", "code_block"))


def _parse(body: str) -> list[Token]:
    tokens = _reader.parse(body)
    for token in tokens:
        # The title of the page is its only heading of the first level.
        if token.type in (_OPENS, _CLOSES):
            token.tag = f"h{min(max(int(token.tag[1]), 2), 4)}"
    return tokens


def _inline(tokens: Sequence[Token]) -> list[Token]:
    return [token for token in tokens if token.type == "inline"]


def _pictures(token: Token) -> list[Token]:
    return [child for child in token.children or () if child.type == "image"]


def _keep_pictures_ours(token: Token, where: Where) -> None:
    for child in _pictures(token):
        source = str(child.attrGet("src"))
        if ours := _FILE.fullmatch(source):
            child.attrSet("src", where(ours.group(1)))
            child.attrSet("loading", "lazy")
        else:
            child.type, child.children = "foreign_image", None


def _name_headings(tokens: Sequence[Token]) -> None:
    taken: set[str] = set()
    for at, token in enumerate(tokens):
        if token.type == _OPENS:
            made = slug_of(_words(tokens[at + 1])) or "part"
            number = 2
            name = made
            while name in taken:
                name, number = f"{made}-{number}", number + 1
            taken.add(name)
            token.attrSet("id", name)


def _words(token: Token, *, links: bool = False) -> str:
    if token.children is None:
        return " ".join(token.content.split())
    found: list[str] = []
    target = ""
    for child in token.children:
        if child.type in ("text", "code_inline", "image"):
            found.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            found.append("\n" if links and child.type == "hardbreak" else " ")
        elif child.type == "link_open":
            target = str(child.attrGet("href"))
        elif child.type == "link_close" and links and target not in "".join(found):
            found.append(f" ({target})")
    return "".join(found).strip()


class _Renderer(RendererHTML):
    def foreign_image(self, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType) -> str:
        source = escape(str(tokens[at].attrGet("src")))
        return f'<a href="{source}">{escape(tokens[at].content) or source}</a>'


_reader = MarkdownIt(
    "commonmark", {"html": False, "linkify": False, "typographer": False}, renderer_cls=_Renderer
).enable(["table", "strikethrough"])
