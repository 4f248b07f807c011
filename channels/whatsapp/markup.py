"""
How WhatsApp draws the marks in a text: *bold*, _italic_, ~struck~, ```code```, `code`, quotes and lists.

Source: https://faq.whatsapp.com/539178204879377 (how to format your messages). What the page leaves open is as the
apps do it: a mark stands at the edge of a word, hugs what it marks, and ends on its own line.
"""

import re
from collections.abc import Mapping

from channels.contract import Line, Span, Style

_BLOCK = re.compile(r"```(.+?)```", re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_STYLED = re.compile(r"(?<![^\W_])([*_~])(?=\S)((?:(?!\1).)*?\S)\1(?![^\W_])")
_BULLET = re.compile(r"[*-] +(?=\S)")
_NUMBER = re.compile(r"(\d{1,3}\.) +(?=\S)")
_QUOTE = re.compile(r"> ?(?=\S)")
_STYLES: Mapping[str, Style] = {"*": "bold", "_": "italic", "~": "strike"}


def lines(text: str) -> tuple[Line, ...]:
    """The text as the app draws it, line by line; marks that mark nothing stay."""
    found: list[Line] = []
    open_line: list[Span] = []
    at = 0
    for block in _BLOCK.finditer(text):
        before = _lines(text[at : block.start()], open_line)
        found += before[:-1]
        rows = block[1].split("\n")
        spans = [Span(row, ("code",)) for row in rows]
        if len(rows) == 1:
            open_line = [*before[-1].spans, spans[0]]
        else:
            found += [Line((*before[-1].spans, spans[0]), "code"), *(Line((span,), "code") for span in spans[1:-1])]
            open_line = [spans[-1]]
        at = block.end()
    return (*found, *_lines(text[at:], open_line))


def _lines(text: str, open_line: list[Span]) -> list[Line]:
    """The lines of a text without blocks of code, the first of which goes on with what is drawn already."""
    first, *more = text.split("\n")
    start = _line(first) if not open_line else Line((*open_line, *_spans(first, ())))
    return [start, *(_line(line) for line in more)]


def _line(line: str) -> Line:
    if mark := _QUOTE.match(line):
        return Line(_spans(line[mark.end() :], ()), "quote")
    if mark := _BULLET.match(line):
        return Line(_spans(line[mark.end() :], ()), "bullet")
    if mark := _NUMBER.match(line):
        return Line(_spans(line[mark.end() :], ()), "number", mark[1])
    return Line(_spans(line, ()))


def _spans(text: str, styles: tuple[Style, ...]) -> tuple[Span, ...]:
    """Marks within marks count, too; nothing counts within code."""
    found: list[Span] = []
    at = 0
    while at < len(text):
        code, styled = _CODE.search(text, at), _STYLED.search(text, at)
        first = min((m for m in (code, styled) if m), key=lambda m: m.start(), default=None)
        if first is None:
            break
        if first.start() > at:
            found.append(Span(text[at : first.start()], styles))
        if first is code:
            found.append(Span(first[1], (*styles, "code")))
        else:
            found += _spans(first[2], (*styles, _STYLES[first[1]]))
        at = first.end()
    if at < len(text) or not found:
        found.append(Span(text[at:], styles))
    return tuple(found)
