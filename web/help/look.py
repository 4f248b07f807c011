"""A page of the help centre: its head, its frame and its style, in light and dark and on a phone."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template

from starlette.responses import HTMLResponse, Response

from inbox.help import languages
from inbox.help.help_centre import Brand, HelpCentre
from web.help.phrases import name_of, phrases_of

_HERE = Path(__file__).parent
_STYLE = Template((_HERE / "style.css").read_text("utf-8"))
_PAGE = Template((_HERE / "page.html").read_text("utf-8"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a reader is: in whose help centre, in which language. `url` is the centre's address in the world."""

    centre: HelpCentre
    brand: Brand
    language: str
    url: str

    @property
    def home(self) -> str:
        return f"/help/{self.centre.slug}/{self.language}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """
    What is shown. `path` is its address below the language, for search engines; None keeps them away. `others` are the
    same page in other languages.
    """

    title: str
    body: str
    path: str | None
    description: str = ""
    others: Mapping[str, str] | None = None
    sought: str = ""
    welcome: str = ""
    kind: str = "website"
    status: int = 200


def answer(place: Place, page: Page) -> Response:
    spoken = phrases_of(place.language)
    style = _style(place.brand.color)
    title = page.title if page.title == place.brand.name else f"{page.title} · {place.brand.name}"
    filled = {
        "language": place.language,
        "direction": "rtl" if place.language.partition("-")[0] in languages.RIGHT_TO_LEFT else "ltr",
        "title": title,
        "description": page.description or spoken.help,
        "kind": page.kind,
        "brand": place.brand.name,
        "color": place.brand.color,
        "skip": spoken.skip,
        "home": place.home,
        "sought": page.sought,
        "hint": spoken.search_hint,
        "search": spoken.search,
        "help": spoken.help,
    }
    html = _PAGE.substitute(
        {name: escape(value) for name, value in filled.items()},
        links=_links(place, page),
        style=style,
        languages=_languages(place, page),
        wide=" find" if page.welcome else "",
        welcome=f"<h1>{escape(page.welcome)}</h1>" if page.welcome else "",
        body=page.body,
    )
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    headers = {
        # What was made internal is gone for everybody at once; that a page is still the same is cheap to say.
        "cache-control": "no-cache",
        "etag": f'"{hashlib.sha256(html.encode()).hexdigest()[:24]}"',
        "content-security-policy": (
            f"default-src 'none'; style-src 'sha256-{digest}'; img-src 'self'; form-action 'self'; base-uri 'none'; "
            "frame-ancestors 'none'"
        ),
        "referrer-policy": "strict-origin-when-cross-origin",
        "vary": "accept-language",
    }
    if page.status != 200:
        headers["cache-control"] = "no-store"
    return HTMLResponse(html, page.status, headers)


def _links(place: Place, page: Page) -> str:
    if page.path is None:
        return '<meta name="robots" content="noindex">'
    found = [f'<link rel="canonical" href="{escape(place.url)}/{place.language}{escape(page.path)}">']
    for language, path in (page.others or {}).items():
        found.append(
            f'<link rel="alternate" hreflang="{language}" href="{escape(place.url)}/{language}{escape(path)}">'
        )
    return "\n".join(found)


def _languages(place: Place, page: Page) -> str:
    offered: Sequence[str] = place.centre.languages
    if len(offered) < 2:
        return ""
    items = []
    for language in offered:
        path = (page.others or {}).get(language, "")
        here = ' aria-current="true"' if language == place.language else ""
        href = escape(f"/help/{place.centre.slug}/{language}{path}")
        items.append(
            f'<li><a href="{href}" lang="{language}" hreflang="{language}"{here}>{escape(name_of(language))}</a>'
        )
    label = escape(phrases_of(place.language).language)
    return f'<nav aria-label="{label}"><ul class="langs">{"".join(items)}</ul></nav>'


def _style(color: str) -> str:
    return _STYLE.substitute(
        color=color,
        ink="#fff" if _contrast(color, "#ffffff") >= 4.5 else "#16181c",
        light=_readable(color, "#f7f8fa", "#000000"),
        dark=_readable(color, "#16181c", "#ffffff"),
    )


def _readable(color: str, ground: str, towards: str) -> str:
    """The colour, drawn towards black or white until text in it can be read on this ground."""
    for step in range(11):
        mixed = _mixed(color, towards, step / 10)
        if _contrast(mixed, ground) >= 4.6:
            return mixed
    return towards


def _mixed(color: str, other: str, share: float) -> str:
    pairs = zip(_parts(color), _parts(other), strict=True)
    return "#" + "".join(f"{round(one * (1 - share) + two * share):02x}" for one, two in pairs)


def _contrast(one: str, other: str) -> float:
    """As WCAG 2 has it, 1 to 21."""
    lights = sorted((_luminance(one), _luminance(other)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def _luminance(color: str) -> float:
    red, green, blue = (
        part / 12.92 if (part := value / 255) <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for value in _parts(color)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _parts(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)
