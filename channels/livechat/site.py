"""What a site's owner has set for its widget: looks, words, where it may run, what it asks."""

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import urlsplit

from channels.contract import ChannelAccount, FormField
from channels.errors import AccountError

KIND = "livechat"

COLOR = "#4f46e5"
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
# `https://shop.example.com`, `https://*.example.com`, `http://localhost:3000`.
_ORIGIN = re.compile(r"https?://(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*(:\d{1,5})?")

PRECHAT: Mapping[str, tuple[str, ...]] = {
    "nothing": (),
    "name": ("name",),
    "email": ("email",),
    "both": ("name", "email"),
}

FORM: tuple[FormField, ...] = (
    FormField(
        name="title",
        label="Title",
        help="Stands at the top of the chat window: your shop's name, or what people get here.",
        placeholder="Chat with us",
        required=False,
        default="Chat with us",
    ),
    FormField(
        name="greeting",
        label="Greeting",
        help="The first thing a visitor reads when they open the chat.",
        placeholder="Hi! How can we help?",
        required=False,
        default="Hi! How can we help?",
    ),
    FormField(
        name="color",
        label="Colour",
        help="Of the button and your visitor's bubbles. Text on it turns dark or light by itself.",
        required=False,
        type="color",
        default=COLOR,
    ),
    FormField(
        name="position",
        label="Corner",
        help="Where the button sits on the page.",
        required=False,
        type="select",
        options=(("end", "Right"), ("start", "Left")),
        default="end",
    ),
    FormField(
        name="reply_time",
        label="Usual reply time",
        help="Shown under the title, so that people know what to expect.",
        required=False,
        type="select",
        options=(("minutes", "Within minutes"), ("hours", "Within a few hours"), ("day", "Within a day")),
        default="minutes",
    ),
    FormField(
        name="origins",
        label="Allowed sites",
        help=(
            "Where the widget may run, one address a line: https://shop.example.com, or https://*.example.com for all "
            "its subdomains. Empty: anywhere, which lets others put your chat on their pages."
        ),
        placeholder="https://shop.example.com",
        required=False,
        type="origins",
        default=[],
    ),
    FormField(
        name="prechat",
        label="Ask visitors for",
        help="Asked after their first message, and always optional: a form in front of it turns people away.",
        required=False,
        type="select",
        options=(("nothing", "Nothing"), ("name", "Name"), ("email", "E-mail"), ("both", "Name and e-mail")),
        default="both",
    ),
    FormField(
        name="require_identity",
        label="Signed-in customers only",
        help="Only visitors whom your site signs for may chat. Needs the signing secret and some lines on your server.",
        required=False,
        type="boolean",
        default=False,
    ),
    FormField(
        name="site_key",
        label="Site key",
        help="Public; it stands in the snippet.",
        asked=False,
        token_prefix="wk",  # noqa: S106 -- what a public key begins with
    ),
    FormField(
        name="identity_secret",
        label="Signing secret",
        help="Your server signs with it who is signed in. It must never reach a browser.",
        secret=True,
        type="password",
        asked=False,
        token_prefix="ws",  # noqa: S106 -- only the beginning
        renewable=True,
    ),
)


def site_key(account: ChannelAccount) -> str:
    return str(account.config.get("site_key", ""))


def origins(account: ChannelAccount) -> tuple[str, ...]:
    """Allowed origins, lower case; none means any. Raises AccountError for one that cannot be an origin."""
    given = account.config.get("origins") or ()
    texts = re.split(r"[\s,]+", given) if isinstance(given, str) else given
    found = []
    for text in texts:
        origin = str(text).strip().rstrip("/").lower()
        if not origin:
            continue
        if not _ORIGIN.fullmatch(origin):
            raise AccountError(
                f"'{text}' is not the address of a site; write it as https://shop.example.com, without a path.",
                field="origins",
            )
        found.append(origin)
    return tuple(found)


def admits(account: ChannelAccount, origin: str | None, own: Sequence[str]) -> bool:
    """Whether the widget may run on a page of this origin. `own` are our own addresses, which always may."""
    try:
        allowed = origins(account)
    except AccountError:
        return False
    if not allowed:
        return True
    if not origin:
        return False
    asked = origin.lower()
    return asked in own or any(_fits(asked, pattern) for pattern in allowed)


def _fits(origin: str, pattern: str) -> bool:
    scheme, _, host = pattern.partition("://")
    if not host.startswith("*."):
        return origin == pattern
    asked = urlsplit(origin)
    return asked.scheme == scheme and asked.netloc.endswith(host[1:])


def requires_identity(account: ChannelAccount) -> bool:
    return account.config.get("require_identity") is True


def validate(account: ChannelAccount) -> tuple[str, ...]:
    """What is worth a warning. Raises AccountError naming the field that is wrong."""
    color = account.config.get("color") or COLOR
    if not isinstance(color, str) or not _COLOR.fullmatch(color):
        raise AccountError("Write the colour as # and six digits, such as #4f46e5.", field="color")
    for name, most in (("title", 60), ("greeting", 500)):
        if len(str(account.config.get(name) or "")) > most:
            raise AccountError(f"At most {most} characters.", field=name)
    for field in FORM:
        value = account.config.get(field.name)
        if field.options and value and value not in dict(field.options):
            raise AccountError("Choose one of the values offered.", field=field.name)
    if not origins(account):
        return ("The widget runs on any site: list yours under Allowed sites, so that nobody else can use your chat.",)
    return ()


def shown(account: ChannelAccount) -> dict[str, Any]:
    """What the widget needs to know of it."""
    config = account.config
    return {
        "title": config.get("title") or account.name,
        "greeting": config.get("greeting") or "",
        "color": config.get("color") or COLOR,
        "position": config.get("position") or "end",
        "reply_time": config.get("reply_time") or "minutes",
        "prechat": PRECHAT.get(str(config.get("prechat")), ()),
    }


def snippet(account: ChannelAccount, public_url: str) -> str:
    return f'<script async src="{escape(public_url)}/widget.js" data-key="{escape(site_key(account))}"></script>'
