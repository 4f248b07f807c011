"""
Pages of a large collection in alphabetical order, without sorting what matches.

Rows carry a sort key in an index. How many have keys between two words nobody knows, and reading an open range reads
all of it; so a page is read between fences: keys of a fair sample of rows, a few hundred rows apart. Rows whose ids are
spread evenly give one by reading a narrow range of ids.
"""

import bisect
import unicodedata
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic
from typing import Any

Row = dict[str, Any]
# Rows with keys from the one to before the other (None: to the end), in order, at most so many.
Read = Callable[[str, str | None, int], Awaitable[Sequence[Row]]]

_MOST_CHARS = 40
_KNOWN_SECONDS = 60.0
_MOST_KNOWN = 1_000


def key(name: str, row_id: str) -> str:
    """What a row is sorted by: its name, then its id, so that equal names have an order."""
    return f"{plain(name)[:_MOST_CHARS]}\x1f{row_id}"


def plain(name: str) -> str:
    """Without case, accents and more than single spaces: names that read alike are one."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return " ".join("".join(c for c in letters if not unicodedata.combining(c)).split())


class Fences:
    """Fences of one workspace's collection, as this process knows them for a minute."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = sorted(keys)
        self._until = monotonic() + _KNOWN_SECONDS

    @classmethod
    async def of(cls, collection: str, workspace_id: str, sample: Callable[[], Awaitable[Sequence[str]]]) -> "Fences":
        """`sample` gives keys of rows that stand for all."""
        known = _known.get((collection, workspace_id))
        if known is None or known._until < monotonic():
            known = cls(await sample())
            if len(_known) >= _MOST_KNOWN:
                _known.clear()
            _known[collection, workspace_id] = known
        return known

    def before(self, key: str, steps: int) -> str | None:
        """The fence so many places before this key; None where there are fewer."""
        at = bisect.bisect_left(self._keys, key) - steps
        return self._keys[at] if at >= 0 else None

    @property
    def last(self) -> str | None:
        return self._keys[-1] if self._keys else None

    async def page(self, read: Read, *, after: str | None, limit: int) -> list[Row]:
        """The first rows by key, or those after this one."""
        found: list[Row] = []
        lower = f"{after}\x00" if after else ""
        while len(found) < limit:
            at = bisect.bisect_right(self._keys, lower)
            upper = self._keys[at] if at < len(self._keys) else None
            found += await read(lower, upper, limit - len(found))
            if upper is None:
                break
            lower = upper
        return found


_known: dict[tuple[str, str], Fences] = {}
