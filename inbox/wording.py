"""
Liquid, as members may write it: the one place that knows the library.

Texts come from members and are untrusted all the same: no files, no other templates, only filters whose result grows
by what is written, and bounds on loops, depth and size. What is not known of this person stays in the text as it was
written, and is named in `missing`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from liquid import BoundTemplate, Environment, Undefined
from liquid.exceptions import LiquidError

from app.core.errors import Invalid

MAX_TEXT_CHARS = 5_000
MAX_WRITTEN_CHARS = 20_000

# Not among them: `replace`, `join`, `split` and their like, whose results multiply.
_FILTERS = frozenset(
    (
        *("append", "capitalize", "date", "default", "downcase", "lstrip", "prepend", "remove", "remove_first"),
        *("rstrip", "size", "squish", "strip", "strip_newlines", "truncate", "truncatewords", "upcase", "url_encode"),
        *("abs", "ceil", "divided_by", "floor", "minus", "modulo", "plus", "round", "times"),
    )
)
_TAGS = frozenset(
    (
        *("assign", "break", "capture", "case", "comment", "continue", "cycle", "echo", "for", "if", "unless"),
        *("#", "content", "doc", "illegal", "output", "raw"),
    )
)
_FAULTS = (LiquidError, ArithmeticError, ValueError, TypeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Rendered:
    """`missing` are the variables without a value, in order of appearance; they stand in the text as `{{ name }}`."""

    text: str
    missing: tuple[str, ...] = ()

    @property
    def bare(self) -> str:
        """Without what is not known, and the space before it: for words that nobody looks at before they go."""
        said = self.text
        for name in self.missing:
            marked = f"{{{{ {name} }}}}"
            said = said.replace(f" {marked}", "").replace(marked, "")
        return said.strip()


@dataclass(frozen=True, slots=True)
class Wording:
    """A text that was read; `needs` are the variables it asks for."""

    needs: frozenset[str]
    _template: BoundTemplate

    def rendered(self, values: Mapping[str, Any], *, field: str = "text") -> Rendered:
        """`values` as nested objects. Raises Invalid where the values and the text do not go together."""
        token = _missing.set({})
        try:
            written = self._template.render(**values)
            return Rendered(written.strip(), tuple(_missing.get() or ()))
        except _FAULTS as error:
            raise Invalid.field(field, _words(error)) from None
        finally:
            _missing.reset(token)


_missing: ContextVar[dict[str, None] | None] = ContextVar("missing", default=None)


class _Missing(Undefined):
    """A variable that nobody knows: false in a condition, replaced by `default`, and told of when it is written."""

    def __str__(self) -> str:
        name = (self.hint or self.name).removesuffix(" is undefined").strip("'")
        known = _missing.get()
        if known is not None:
            known[name] = None
        return f"{{{{ {name} }}}}"


class _Environment(Environment):
    block_nesting_limit = 8
    context_depth_limit = 12
    loop_iteration_limit = 200
    local_namespace_limit = 100_000
    output_stream_limit = MAX_WRITTEN_CHARS


_ENVIRONMENT = _Environment(undefined=_Missing)
for _name in set(_ENVIRONMENT.filters) - _FILTERS:
    del _ENVIRONMENT.filters[_name]
for _name in set(_ENVIRONMENT.tags) - _TAGS:
    del _ENVIRONMENT.tags[_name]


def read(text: str, *, field: str = "text") -> Wording:
    """Raises Invalid, in words, where the text is not right."""
    if len(text) > MAX_TEXT_CHARS:
        raise Invalid.field(field, f"A text has at most {MAX_TEXT_CHARS} characters.")
    try:
        template = _parsed(text)
        found = template.analyze(include_partials=False)
    except _FAULTS as error:
        raise Invalid.field(field, _words(error)) from None
    for name in found.filters:
        if name not in _ENVIRONMENT.filters:
            raise Invalid.field(field, f"There is no filter '{name}'. There are {', '.join(sorted(_FILTERS))}.")
    return Wording(frozenset(_asked(found.globals)), template)


@lru_cache(maxsize=256)
def _parsed(text: str) -> BoundTemplate:
    return _ENVIRONMENT.from_string(text)


def _asked(found: Mapping[str, Sequence[object]]) -> Iterator[str]:
    for uses in found.values():
        for use in uses:
            yield ".".join(str(segment) for segment in getattr(use, "segments", ()))


def _words(error: Exception) -> str:
    """Liquid's own words without its drawing of the place."""
    said = str(getattr(error, "message", "") or error).partition("\n")[0]
    return f"This text cannot be read: {re.sub(r'^[a-z]', lambda m: m.group().upper(), said)}."
