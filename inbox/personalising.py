"""
Contents that differ from person to person: read once, filled for each of a million.

    compiled = personalising.compiled(Text(text='Dear {{ contact.first_name | default: "friend" }}, …'))
    facts = await personalising.facts(ws, people, compiled.needs)
    filled = compiled.fill(facts[person.id], shortener.of(recipient))

Texts are Liquid (see wording.py) over what is known of a contact. Most consist of plain `{{ name }}` and
`{{ name | default: "…" }}`, which are put together without the library, in a tenth of its time and to the same letter;
whatever else Liquid can is left to it. A value that is not known is told by its name, never sent as a blank.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from app.core.errors import Invalid
from app.core.platform import workspaces
from app.core.runtime import Workspace
from channels.content import (
    Button,
    Buttons,
    CardParameters,
    CardPreview,
    ContactRequest,
    Content,
    LinkButton,
    List,
    Location,
    LocationRequest,
    MediaMessage,
    OfferPreview,
    Part,
    Row,
    Section,
    Template,
    TemplateParameters,
    TemplatePreview,
    Text,
)
from crm import companies, fields
from crm.contacts import Contact
from inbox import wording
from inbox.wording import MAX_WRITTEN_CHARS, Wording

# What a text may ask for, by name; a value is never empty.
Facts = Mapping[str, str]
Link = Callable[[str], str]

FIELDS = "contact.fields."
NAMES = frozenset(
    (
        *("contact.name", "contact.first_name", "contact.language", "contact.stage", "contact.company"),
        *("contact.preferences", "workspace.name"),
    )
)
_FIELD = re.compile(re.escape(FIELDS) + r"[a-z][a-z0-9_]{0,39}")
MOST_LINKS = 32

# The texts in each kind of content.
_WORDS: Mapping[type[Part], tuple[str, ...]] = {
    Text: ("text",),
    MediaMessage: ("caption",),
    Location: ("name", "address"),
    Buttons: ("text", "header", "footer", "buttons"),
    Button: ("title",),
    List: ("text", "header", "footer", "button", "sections"),
    Section: ("title", "rows"),
    Row: ("title", "description"),
    LinkButton: ("text", "label", "url"),
    LocationRequest: ("text",),
    ContactRequest: ("text",),
    Template: ("parameters", "preview"),
    TemplateParameters: ("header", "body", "buttons", "cards"),
    CardParameters: ("body", "buttons"),
    TemplatePreview: ("header", "body", "footer", "buttons", "cards", "offer"),
    CardPreview: ("body", "buttons"),
    OfferPreview: ("text", "code"),
}
# What has to say something once it is filled in.
_NEVER_EMPTY = frozenset({"text", "title", "label", "url", "button"})


@dataclass(frozen=True, slots=True)
class Filled:
    """`missing` are names without a value, in order of appearance: with any, this must not be sent."""

    content: Content
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Compiled:
    """
    A content that was read. `needs` are the facts it asks for; `links` the addresses in it that can be shortened, each
    once, and with what is written into it for a person as Liquid; `untracked` the beginnings of those of which even the
    server differs from person to person, which go out as they are.
    """

    content: Content
    needs: frozenset[str]
    links: tuple[str, ...]
    untracked: tuple[str, ...]
    _fill: "_Node | None"

    def fill(self, facts: Facts, link: Link | None = None) -> Filled:
        """
        The content for one person; `link` gives the short address for one of `links`.

        Pure, and some microseconds for plain texts. Raises Invalid where a text that calculates cannot with these
        values; what else is wrong is in `missing`.
        """
        if self._fill is None:
            return Filled(self.content)
        missing: dict[str, None] = {}
        return Filled(self._fill(_Person(facts, link, missing)), tuple(missing))


@dataclass(frozen=True, slots=True)
class _Person:
    facts: Facts
    link: Link | None
    missing: dict[str, None]


_Node = Callable[[_Person], Any]


def compiled(content: Content, defaults: Facts | None = None) -> Compiled:
    """
    `defaults` are for facts that a person has no value for. Raises Invalid, naming the text, where one is not right or
    asks for what there is not.
    """
    reading = _Reading(dict(defaults or {}), {}, {}, {})
    if isinstance(content, Template):
        content = _cut(content)
    node = _node(reading, content, "content")
    if len(reading.links) > MOST_LINKS:
        raise Invalid.field("content", f"There are {len(reading.links)} links; at most {MOST_LINKS} can be followed.")
    return Compiled(content, frozenset(reading.needs), tuple(reading.links), tuple(reading.untracked), node)


@dataclass(frozen=True, slots=True)
class _Reading:
    """What has been met so far, in order."""

    defaults: Facts
    needs: dict[str, None]
    links: dict[str, None]
    untracked: dict[str, None]


def _node(reading: _Reading, value: Any, path: str) -> _Node | None:
    """How to fill this value; None where it is alike for everybody."""
    match value:
        case str():
            return _text(reading, value, path)
        case Template():
            return _template(reading, value, path)
        case Part():
            return _part(reading, value, path)
        case dict():
            nodes = {key: _node(reading, each, f"{path}.{key}") for key, each in value.items()}
            if not any(nodes.values()):
                return None
            pairs = [(key, node, value[key]) for key, node in nodes.items()]
            return lambda who: {key: node(who) if node else same for key, node, same in pairs}
        case tuple():
            listed = [(_node(reading, each, f"{path}.{at}"), each) for at, each in enumerate(value)]
            if not any(node for node, _ in listed):
                return None
            return lambda who: tuple(node(who) if node else same for node, same in listed)
        case _:
            return None


def _part(reading: _Reading, part: Part, path: str) -> _Node | None:
    nodes = [(name, _node(reading, getattr(part, name), f"{path}.{name}")) for name in _WORDS.get(type(part), ())]
    found = [(name, node, f"{path}.{name}" if name in _NEVER_EMPTY else "") for name, node in nodes if node]
    if not found:
        return None
    return lambda who: part.model_copy(update={name: _said(node(who), needed, who) for name, node, needed in found})


def _said(value: Any, needed: str, who: _Person) -> Any:
    """Told as missing where nothing is left of a text that is needed."""
    if needed and isinstance(value, str) and not value.strip():
        who.missing[needed.removeprefix("content.")] = None
    return value


def _template(reading: _Reading, content: Template, path: str) -> _Node | None:
    """
    A link button's value is what follows the approved address. A template whose button leads to our own short links is
    given the whole address that it is to lead to; the short one is then cut to what follows.
    """
    node = _part(reading, content, path)
    return node and (lambda who: _cut(node(who)))


def _cut(content: Template) -> Template:
    """Where a button's value begins as its approved address does, that is taken off."""
    heads = _heads(content.components)
    cards = [_heads(card.get("components") or ()) for card in _cards(content.components)]
    given = content.parameters
    changed: dict[str, Any] = {}
    if heads and given.buttons:
        changed["buttons"] = _tails(given.buttons, heads)
    if any(cards) and given.cards:
        changed["cards"] = tuple(
            card.model_copy(update={"buttons": _tails(card.buttons, of)})
            for card, of in zip(given.cards, [*cards, *({} for _ in given.cards)], strict=False)
        )
    return content.model_copy(update={"parameters": given.model_copy(update=changed)}) if changed else content


def approved_addresses(content: Template) -> tuple[str, ...]:
    """The addresses that a provider has approved with it, or what they begin with; they cannot be others."""
    found: dict[str, None] = {}
    for components in (content.components, *(card.get("components") or () for card in _cards(content.components))):
        for component in components:
            for match in _URL.finditer(str(component.get("text") or "")):
                found[_to_its_end(match.group().partition("{{")[0])] = None
            for button in component.get("buttons") or ():
                if button.get("url"):
                    found[str(button["url"]).partition("{{")[0]] = None
    return tuple(found)


def _tails(values: Mapping[str, str], heads: Mapping[str, str]) -> dict[str, str]:
    return {key: value.removeprefix(heads.get(key, "")) for key, value in values.items()}


def _heads(components: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """By a button's place the approved beginning of its address, where something is added to it."""
    for component in components:
        if str(component.get("type", "")).upper() == "BUTTONS":
            urls = enumerate(str(button.get("url") or "") for button in component.get("buttons") or ())
            return {str(at): url.partition("{{")[0] for at, url in urls if "{{" in url}
    return {}


def _cards(components: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    found = next((each for each in components if str(each.get("type", "")).upper() == "CAROUSEL"), {})
    return found.get("cards") or ()


# --- one text -----------------------------------------------------------------------------------------------------

_TAG = re.compile(r"(\{\{.*?\}\}|\{%.*?%\})", re.DOTALL)
_PLAIN = re.compile(
    r"\{\{[ ]*([a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)+)[ ]*"
    r"""(?:\|[ ]*default:[ ]*(?:"([^"\\{}]*)"|'([^'\\{}]*)')[ ]*)?\}\}"""
)
# What Liquid gives of any object where it has no such key: no value of a contact.
_OWN_WORDS = (".size", ".first", ".last")
_URL = re.compile(r"https?://[^\s<>\"'`]+", re.IGNORECASE)
# An address with what is written into it for a person, and all else in braces.
_SPOT = re.compile(
    r"(?P<url>https?://(?:\{\{.*?\}\}|(?!\{\{|\{%)[^\s<>\"'`])+)|\{\{.*?\}\}|\{%.*?%\}", re.IGNORECASE | re.DOTALL
)
# The server is the same for everybody, and so is what is not of the address: its white space.
_ONE_SERVER = re.compile(r"https?://[^\s/?#{]+[/?#](?!.*(?:\{\{-|-\}\}))", re.IGNORECASE | re.DOTALL)
# A stop after an address ends the sentence, not the address.
_AFTER_URL = ".,;:!?)]}»”’…*_~"
_LINK_GROUP = "link"


def _text(reading: _Reading, text: str, path: str) -> _Node | None:
    read = wording.read(text, field=path)
    for name in sorted(read.needs):
        if name not in NAMES and not _FIELD.fullmatch(name):
            raise Invalid.field(path, f"There is no variable '{name}'. There are {', '.join(sorted(NAMES))}.")
    if not _TAG.search(text) and not _URL.search(text):
        return None
    reading.needs.update(dict.fromkeys(sorted(read.needs)))
    linked, links = _linked(reading, text, only_known=path.startswith("content.preview"))
    pieces = _pieces(linked, reading.defaults)
    addresses = _addresses(links, reading.defaults, path)
    slow = _slow(wording.read(linked, field=path), addresses, reading.defaults, path)
    return _quick(pieces, addresses, slow) if pieces is not None else slow


def _linked(reading: _Reading, text: str, *, only_known: bool) -> tuple[str, tuple[str, ...]]:
    """
    The text with a variable in place of each address that can be shortened, and these addresses. `only_known`: a
    preview, in which the words of the approved text stand as they will.
    """
    links: dict[str, int] = {}
    if "{% raw" in text or "{% comment" in text or "{%- raw" in text or "{%- comment" in text:
        return text, ()

    def shortened(match: re.Match[str]) -> str:
        if not match["url"]:
            return match.group()
        end = match["url"].rfind("}}") + 2 if "{{" in match["url"] else 0
        url = match["url"][:end] + _to_its_end(match["url"][end:])
        if not _is_address(url):
            return match.group()
        if only_known and url not in reading.links:
            return match.group()
        if "{{" in url and not _ONE_SERVER.match(url):
            reading.untracked[url.partition("{{")[0]] = None
            return match.group()
        number = links.setdefault(url, len(links))
        reading.links[url] = None
        return f"{{{{ {_LINK_GROUP}.n{number} }}}}{match.group()[len(url) :]}"

    return _SPOT.sub(shortened, text), tuple(links)


def _to_its_end(url: str) -> str:
    """Without what follows it; a bracket that is opened in it belongs to it."""
    while url and url[-1] in _AFTER_URL and not (url[-1] == ")" and url.count("(") >= url.count(")")):
        url = url[:-1]
    return url


def _is_address(url: str) -> bool:
    try:
        return "{{" in url or bool(urlsplit(url).hostname)
    except ValueError:
        return False


async def address(ws: Workspace, pattern: str, contact: Contact | None, own: Facts) -> str:
    """
    One of `Compiled.links` for one person, with what is known of them now, and in `own`; what is not is left out.
    """
    read = compiled(Text(text=pattern))
    known = (await facts(ws, [contact], read.needs))[contact.id] if contact else {}
    filled = read.fill({**known, **own}).content
    return _TAG.sub("", filled.text) if isinstance(filled, Text) else pattern


# How an address is written for a person; None where it is alike for everybody.
_Addresses = Mapping[str, _Node | None]


def _addresses(links: Sequence[str], defaults: Facts, path: str) -> _Addresses:
    found: dict[str, _Node | None] = {}
    for url in links:
        pieces = _pieces(url, defaults) if "{{" in url else None
        if pieces is not None:
            found[url] = _whole(pieces)
        elif "{{" in url:
            found[url] = _unbroken(_slow(wording.read(url, field=path), {}, defaults, path))
        else:
            found[url] = None
    return found


# A literal, or (name, what stands for it where there is no value: None if it is then missing).
_Piece = str | tuple[str, str | None]
# What an address may hold as it is, and has a meaning in it.
_MEANT = "/:@!$&'()*+,;=?#%~"


def _whole(pieces: Sequence[_Piece]) -> _Node:
    """
    An address for a person. What is written into its path may be a path; behind the question mark it is one value,
    whatever it holds.
    """
    asked = False
    # Literals, and (name, what stands for it, what of its value is not encoded).
    parts: list[str | tuple[str, str | None, str]] = []
    for piece in pieces:
        if isinstance(piece, str):
            asked = asked or "?" in piece
            parts.append(piece)
        else:
            parts.append((*piece, "" if asked else _MEANT))

    def fill(who: _Person) -> str:
        written = ""
        for part in parts:
            if isinstance(part, str):
                written += part
                continue
            name, fallback, safe = part
            if value := who.facts.get(name):
                written += quote(value, safe=safe)
            elif fallback is not None:
                written += fallback
            else:
                who.missing[name] = None
                written += f"{{{{ {name} }}}}"
        return written

    return fill


def _unbroken(node: _Node) -> _Node:
    """Where the author calculates, what they have written stands, but for what would end the address."""
    return lambda who: re.sub(r"[\s<>\"'`]", lambda match: quote(match.group()), str(node(who)))


def _led(who: _Person, url: str, node: _Node | None) -> str:
    """The short address, or the whole one; what is missing in it is told in both."""
    whole = str(node(who)) if node else url
    return who.link(url) if who.link else whole


def _pieces(text: str, defaults: Facts) -> tuple[_Piece, ...] | None:
    """The text as what can be joined; None if only Liquid can write it."""
    found: list[_Piece] = []
    end = 0
    for match in _PLAIN.finditer(text):
        name = match[1]
        fallback = match[2] if match[2] is not None else match[3]
        found += [text[end : match.start()], (name, defaults.get(name) or fallback)]
        end = match.end()
    found.append(text[end:])
    rest = "".join(piece for piece in found if isinstance(piece, str))
    if any(mark in rest for mark in ("{{", "}}", "{%", "%}", "{#", "#}")):
        return None
    return tuple(piece for piece in found if piece)


def _quick(pieces: Sequence[_Piece], links: _Addresses, slow: _Node) -> _Node:
    plain: list[str | None] = [piece if isinstance(piece, str) else None for piece in pieces]
    places = [(at, *piece) for at, piece in enumerate(pieces) if not isinstance(piece, str)]
    names = {f"{_LINK_GROUP}.n{number}": url for number, url in enumerate(links)}
    holes = [(at, name, names.get(name), fallback) for at, name, fallback in places]

    def fill(who: _Person) -> str:
        facts, written = who.facts, plain.copy()
        for at, name, url, fallback in holes:
            if url is not None:
                written[at] = _led(who, url, links[url])
                continue
            value = facts.get(name) or fallback
            if value is None:
                who.missing[name] = None
                value = f"{{{{ {name} }}}}"
            written[at] = value
        text = "".join(written)  # type: ignore[arg-type]
        return text.strip() if len(text) <= MAX_WRITTEN_CHARS else str(slow(who))

    return fill


def _slow(read: Wording, links: _Addresses, defaults: Facts, path: str) -> _Node:
    wanted = sorted(name for name in read.needs if not name.startswith(f"{_LINK_GROUP}."))

    def fill(who: _Person) -> str:
        short = {f"n{number}": _led(who, url, node) for number, (url, node) in enumerate(links.items())}
        values: dict[str, Any] = {"contact": {"fields": {}}, "workspace": {}, _LINK_GROUP: short}
        for name in wanted:
            value = who.facts.get(name) or defaults.get(name)
            if not value:
                if name.endswith(_OWN_WORDS):
                    who.missing[name] = None
                continue
            group, _, key = name.partition(".")
            if name.startswith(FIELDS):
                values["contact"]["fields"][name.removeprefix(FIELDS)] = value
            else:
                values[group][key] = value
        rendered = read.rendered(values, field=path)
        who.missing.update(dict.fromkeys(rendered.missing))
        return rendered.text

    return fill


# --- what is known ------------------------------------------------------------------------------------------------


async def facts(ws: Workspace, people: Sequence[Contact], needs: frozenset[str]) -> dict[str, dict[str, str]]:
    """What is known of these, of what is needed, by contact's id: a few reads for all of them together."""
    # The page knows everybody who sends, and they know this module.
    from inbox import preferences

    if not needs:
        return {contact.id: {} for contact in people}
    own = any(name.startswith(FIELDS) for name in needs)
    declared = await fields.get(ws) if own or "contact.stage" in needs else None
    asked = [each for each in declared.fields if FIELDS + each.key in needs] if declared and own else []
    stages = {stage.id: stage.label for stage in declared.stages} if declared else {}
    employers = sorted({contact.company_id for contact in people if contact.company_id})
    known = await companies.by_id(ws, employers) if "contact.company" in needs and employers else {}
    workspace = await workspaces.get(ws.runtime.mongo, ws.id) if "workspace.name" in needs else None
    found: dict[str, dict[str, str]] = {}
    for contact in people:
        # A handle in place of a name is nothing to address somebody by.
        name = "" if contact.name_source == "handle" else contact.name
        company = known.get(contact.company_id or "")
        values = {
            "contact.name": name,
            "contact.first_name": next(iter(name.split()), ""),
            "contact.language": contact.language,
            "contact.stage": stages.get(contact.stage or ""),
            "contact.company": company.name if company else None,
            "workspace.name": workspace.name if workspace else None,
        }
        if "contact.preferences" in needs:
            values["contact.preferences"] = preferences.link(ws, contact.id)
        mine = {key: value for key, value in values.items() if value and key in needs}
        for each in asked:
            written = fields.written(each, contact.fields.get(each.key))
            if written:
                mine[FIELDS + each.key] = written
        found[contact.id] = mine
    return found
