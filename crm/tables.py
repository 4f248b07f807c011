"""
Tables of people as files: CSV of whatever program, read and written row by row.

Encoding and delimiter are found out from the beginning of a file. What is written is safe in spreadsheets: a cell that
one would take for a formula begins with an apostrophe, which reading takes off again.
"""

import codecs
import csv
import io
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass

from app.core.errors import Invalid
from crm import encodings

MOST_COLUMNS = 200
MOST_CELL_CHARS = 20_000
SAMPLE_BYTES = 200_000
SHOWN_ROWS = 5
# Stands for bytes that are no letters in the encoding of the file: a code point that no text has.
ILLEGIBLE = "\ufdd0"
_DELIMITERS = (",", ";", "\t", "|")
# Those of East Asian keyboards, too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
# Excel's own word on the delimiter, as the first line.
_SAID = re.compile(r'"?sep=([^\w"\r\n])"?(?:\r\n|\n|\r)', re.IGNORECASE)
# Rows that are looked at to find the delimiter.
_LOOKED_AT = 50
_MOST_ROW_CHARS = 100 * MOST_CELL_CHARS
# No column is called that: somebody's e-mail address or number, in a table without a header.
_SOMEBODY = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+|\+?[\d\s()./-]{9,}")

codecs.register_error("illegible", lambda error: (ILLEGIBLE, getattr(error, "end", 0)))
# A cell may be longer than the module takes by itself; how long a row may be is our own matter (rows_of).
csv.field_size_limit(2 * _MOST_ROW_CHARS)


@dataclass(frozen=True, slots=True)
class Shape:
    """How a file is written; `header` are the names of its columns, `rows` the first of those below."""

    encoding: str
    delimiter: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def shape_of(sample: bytes) -> Shape:
    """Of a file by its beginning. Raises Invalid, in words."""
    encoding = encodings.of(sample)
    text = codecs.getincrementaldecoder(encoding)("replace").decode(sample)
    if "\x00" in text or not text.strip():
        raise Invalid.field("file", "This is no table of text; save it as CSV (comma separated) and try again.")
    said = _SAID.match(text)
    marks = (said[1],) if said else _DELIMITERS
    found = {mark: _table(text[said.end() :] if said else text, mark) for mark in marks}
    delimiter = max(marks, key=lambda mark: _evenness(found[mark]))
    rows = [row for row in found[delimiter] if any(cell.strip() for cell in row)]
    if not rows:
        raise Invalid.field("file", "This table has a header and no rows, or rows and no header.")
    header = tuple(cell.strip() for cell in rows[0])
    if len(header) > MOST_COLUMNS:
        raise Invalid.field("file", f"A table may have {MOST_COLUMNS} columns.")
    if len(rows) < 2:
        raise Invalid.field("file", "This table has a header and no rows, or rows and no header.")
    if any(_SOMEBODY.fullmatch(cell) for cell in header):
        raise Invalid.field("file", "The first row has to name the columns; here it is somebody already.")
    return Shape(encoding, delimiter, header, tuple(tuple(row) for row in rows[1 : SHOWN_ROWS + 1]))


def _table(text: str, delimiter: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows = []
    try:
        for row in reader:
            rows.append(row)
            if len(rows) == _LOOKED_AT:
                break
    except csv.Error:
        return rows[:1]
    return rows


def _evenness(rows: Sequence[Sequence[str]]) -> tuple[float, int]:
    """How much this looks like a table: rows as wide as the header, and then the widest."""
    if not rows or len(rows[0]) < 2:
        return (0.0, 0)
    width = len(rows[0])
    return (sum(len(row) == width for row in rows) / len(rows), width)


async def rows_of(pieces: AsyncIterator[bytes], shape: Shape) -> AsyncIterator[tuple[int, list[str]]]:
    """
    The line of the file at which it begins (the first is 1), and the cells, of each row below the header that is not
    empty. What cannot be read in the encoding is ILLEGIBLE. Raises Invalid.
    """
    decoder = codecs.getincrementaldecoder(shape.encoding)("illegible")
    rest, line, header = "", 1, False
    async for text in _texts(pieces, decoder):
        whole = rest + text
        cut = _cut(whole) if text else len(whole)
        if line == 1 and cut and (said := _SAID.match(whole)):
            line, whole, cut = 2, whole[said.end() :], cut - said.end()
        lines = _Lines(whole[:cut])
        reader = csv.reader(lines, delimiter=shape.delimiter)
        read = 0
        for row in reader:
            if lines.over:
                # It ends in a cell that is still open, and is read again with what follows.
                break
            if any(cell.strip() for cell in row):
                if header:
                    yield line, [plain(cell) for cell in row]
                header = True
            line, read = line + lines.given - read, lines.given
        rest = "".join(lines.all[read:]) + whole[cut:]
        if len(rest) > _MOST_ROW_CHARS or (not text and rest):
            raise Invalid.field("file", f"The row at line {line} does not end; is a quotation mark missing?")


class _Lines:
    """Lines for a reader of rows; `given` are those that it has taken, `over` says that it asked for more than all."""

    def __init__(self, text: str) -> None:
        self.all = list(io.StringIO(text, newline=""))
        self.given = 0
        self.over = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.given == len(self.all):
            self.over = True
            raise StopIteration
        self.given += 1
        return self.all[self.given - 1]


async def _texts(pieces: AsyncIterator[bytes], decoder: codecs.IncrementalDecoder) -> AsyncIterator[str]:
    """What they say, piece by piece; "" once there is no more."""
    async for piece in pieces:
        if text := decoder.decode(piece):
            yield text
    if text := decoder.decode(b"", final=True):
        yield text
    yield ""


def _cut(text: str) -> int:
    """Behind the last end of a line; one that a line feed may follow yet is none."""
    return max(text.rfind("\n"), text.rfind("\r", 0, len(text) - 1)) + 1


def plain(cell: str) -> str:
    """Without the apostrophe that keeps a spreadsheet from reckoning."""
    cell = cell.strip()
    return cell[1:] if cell.startswith("'") and cell[1:2] in _FORMULA and cell[1:] else cell


def written(rows: Iterable[Sequence[str]]) -> bytes:
    """Rows of a file, in UTF-8."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([[safe(cell) for cell in row] for row in rows])
    return out.getvalue().encode()


def safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


_QUOTE = '"'
# Signs between the names in one cell; a name that has one is in quotation marks.
_BETWEEN = re.compile('[;,|"]')


def joined(names: Iterable[str]) -> str:
    """Several names in one cell; `parted` reads them."""
    return "; ".join(f'"{each.replace(_QUOTE, _QUOTE * 2)}"' if _BETWEEN.search(each) else each for each in names)


def parted(cell: str, marks: str = ";") -> list[str]:
    """The names in one cell, between any of these marks."""
    found = re.findall(rf'\s*(?:"((?:[^"]|"")*)"\s*(?=[{marks}]|$)|([^{marks}]*))(?:[{marks}]|$)', cell)
    names = [(quoted.replace(_QUOTE * 2, _QUOTE) or plain).strip() for quoted, plain in found]
    return [each for each in names if each]
