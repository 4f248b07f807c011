"""
Ranges of rows whose ids are spread evenly (they are hashes), read in the order of ids.

A range of ids is widened while it comes up short: a sort with a limit, or a limit alone, would read every row that
matches. It is also a fair sample of all rows. And where nearly all rows of a stretch are wanted, reading the stretch is
half the work of reading them one by one.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from math import inf, nan
from statistics import median
from time import monotonic

from app.core.mongo import Document, ScopedCollection

# Longer words are found by their beginning and then compared.
PREFIX_CHARS = 8
_MOST_PREFIXES = 200
_MOST_EXAMINED = 4_000

Fits = Callable[[Document], bool]


def prefixes_of(tokens: Iterable[str]) -> list[str]:
    """
    How the words begin, up to so many characters: a search is then an equality, which can be read in bounded ranges
    of ids, while a range of words would have to be read whole.
    """
    found: dict[str, None] = {}
    for token in tokens:
        for chars in range(1, min(len(token), PREFIX_CHARS) + 1):
            found[token[:chars]] = None
    return list(found)[:_MOST_PREFIXES]


async def matching(
    rows: ScopedCollection, prefix: str, words: Sequence[str], *, limit: int, fits: Fits = lambda row: True
) -> list[Document]:
    """
    Rows with a token that begins like each of these words. Index: workspace_id, prefixes, _id.

    Looked up by the longest, which is mostly the rarest; not more than a few thousand that share it are looked at.
    """
    longest = max(words, key=len)

    def has_all(row: Document) -> bool:
        return fits(row) and all(any(token.startswith(word) for token in row["tokens"]) for word in words)

    where = {"prefixes": longest[:PREFIX_CHARS]}
    return await in_order(rows, prefix, where, limit=limit, share=1 / 4_096, fits=has_all)


async def in_order(
    rows: ScopedCollection,
    prefix: str,
    where: Document,
    *,
    limit: int,
    after: str | None = None,
    share: float = 2**-20,
    fits: Fits = lambda row: True,
    fields: Sequence[str] | None = None,
    by: str = "_id",
) -> list[Document]:
    """
    The first rows by id where this holds and that fit. `prefix` is how all ids begin: `con_`; `by` is the field that
    holds them, the last of an index behind what `where` asks for; `share` is the part of all ids that is read first.
    """
    found: list[Document] = []
    examined = 0
    lower: Document = {"$gt": after or prefix}
    start = _position(after.removeprefix(prefix)) if after else 0
    width = max(1, round(_POSITIONS * share))
    # Behind all ids of this prefix.
    last = f"{prefix[:-1]}{chr(ord(prefix[-1]) + 1)}"
    while len(found) < limit and start < _POSITIONS and examined < _MOST_EXAMINED:
        end = start + width
        upper = {"$lt": f"{prefix}{_digits(end)}"} if end < _POSITIONS else {"$lt": last}
        read = await rows.find({**where, by: lower | upper}, limit=100_000, fields=fields)
        examined += len(read)
        found += [row for row in sorted(read, key=lambda row: str(row[by])) if fits(row)]
        # Aim at what is missing, carefully as long as nothing is known.
        width = max(1, width * min(32, max(1, 2 * (limit - len(found)) // len(read)))) if read else width * 32
        lower, start = {"$gte": upper["$lt"]}, end
    return found[:limit]


# So many neighbours tell how many others there are between them; and so many times the usual way apart are none.
_PROBED = 4
# A stretch is read where at most so many rows are there for each that is wanted.
_MOST_OTHERS = 1.5
_FAR = 16
_SHORTEST_RUN = 12
# How far apart rows of a workspace's collection were in the stretch that this process read last, and when: ids are
# hashes, so it is about the same everywhere, and of many stretches only the first has to be tried by a few of its rows.
# It is not believed for long, as an import may have brought many more.
_ways: dict[tuple[str, str], tuple[float, float]] = {}
_MOST_WAYS = 10_000
_BELIEVED_SECONDS = 10.0


async def close(rows: ScopedCollection, ids: Iterable[str], *, by: str = "_id") -> tuple[list[Document], list[str]]:
    """
    Rows of these ids as far as they lie close together, as those of an audience in its order may, and the ids that were
    not looked for. A few rows of others are among those found. Index: workspace_id, and `by`.
    """
    found: list[Document] = []
    left: list[str] = []
    close_by: bool | None = None
    for run in _runs(sorted(set(ids))):
        if len(run) < _SHORTEST_RUN or close_by is False:
            left += run
            continue
        if close_by is None:
            close_by = _known_close(rows, run)
        if close_by is None:
            probed = await _stretch(rows, run[:_PROBED], by)
            found += probed
            run = run[_PROBED:]
            close_by = len(probed) <= _PROBED * _MOST_OTHERS
        if not close_by:
            left += run
            continue
        stretch = await _stretch(rows, run, by)
        found += stretch
        _note_way(rows, run, len(stretch))
    return found, left


def _known_close(rows: ScopedCollection, run: Sequence[str]) -> bool | None:
    """Whether nearly all rows of this run are wanted, by how far apart rows were the last time; None: nobody knows."""
    way, noted_at = _ways.get(rows.name, (0.0, -inf))
    if monotonic() - noted_at > _BELIEVED_SECONDS:
        return None
    return _way(run, len(run)) <= way * _MOST_OTHERS


def _note_way(rows: ScopedCollection, run: Sequence[str], there: int) -> None:
    if there >= _SHORTEST_RUN:
        if len(_ways) >= _MOST_WAYS:
            _ways.clear()
        _ways[rows.name] = _way(run, there), monotonic()


def _way(run: Sequence[str], there: int) -> float:
    """How far apart neighbours are if so many lie within a run."""
    return (_place(run[-1]) - _place(run[0])) / max(1, there - 1)


async def _stretch(rows: ScopedCollection, ids: Sequence[str], by: str) -> list[Document]:
    return await rows.find({by: {"$gte": ids[0], "$lte": ids[-1]}}, limit=100_000)


def _runs(ordered: Sequence[str]) -> list[list[str]]:
    """Cut where the way to the next is far; ids that are no hashes are a run each."""
    places = [_place(each) for each in ordered]
    ways = [after - one for one, after in pairwise(places)]
    far = _FAR * max(1.0, median(ways)) if ways else 0.0
    runs: list[list[str]] = []
    for each, way in zip(ordered, (inf, *ways), strict=False):
        if not way <= far:
            runs.append([])
        runs[-1].append(each)
    return runs


def _place(row_id: str) -> float:
    """Where a hash stands among all."""
    try:
        return float(int(row_id.partition("_")[2][:_PLACES], 16))
    except ValueError:
        return nan


# The first digits of an id behind its prefix as a number, so that ranges of ids can be reckoned with. Ids are digests
# in hexadecimal digits: with any other alphabet there were wide ranges without a row, and who widens a range until it
# has crossed one reads thousands behind it.
_DIGITS = "0123456789abcdef"
_PLACES = 12
_POSITIONS = len(_DIGITS) ** _PLACES


def _position(digits: str) -> int:
    """Of an id that is no digest the last position that is not behind it."""
    known = ""
    for char in digits[:_PLACES]:
        if char not in _DIGITS:
            return int(known.ljust(_PLACES, _DIGITS[-1]), 16)
        known += char
    return int(known.ljust(_PLACES, _DIGITS[0]), 16)


def _digits(position: int) -> str:
    return f"{position:0{_PLACES}x}"
