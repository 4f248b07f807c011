"""
PDF documents: paragraphs of whatever people write, on A4.

fpdf2 is written in Python and kept; it draws what its fonts have letters for, shaped by HarfBuzz. The fonts come as
packages: Latin, Greek, Cyrillic, Arabic, Hebrew, Devanagari, Bengali, Tamil, Telugu, Thai, Khmer, Chinese, Japanese and
Korean. For other scripts and for emoji there is none that can be installed so: their letters stand as MISSING, and the
document says so at its end. A page to print has them all.

The libraries are imported with the first document: they would be a fifth of what every process imports at its start.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from fpdf import FPDF

MISSING = "\ufffd"
# Package and file of each, in the order in which they are asked for a letter. The one for Chinese has Japanese letters
# too, in Chinese shapes; one for each would weigh as much as all the others.
_FONTS: Mapping[str, tuple[str, str]] = {
    "latin": ("fontpkg_noto_sans", "files/NotoSans*.ttf"),
    "arabic": ("fontpkg_noto_sans_arabic", "files/*.ttf"),
    "hebrew": ("fontpkg_heebo", "files/*.ttf"),
    "devanagari": ("fontpkg_noto_sans_devanagari", "files/*.ttf"),
    "bengali": ("fontpkg_hind_siliguri", "files/*-Regular.ttf"),
    "tamil": ("fontpkg_noto_sans_tamil", "files/*.ttf"),
    "telugu": ("fontpkg_noto_sans_telugu", "files/*.ttf"),
    "thai": ("fontpkg_noto_sans_thai", "files/*.ttf"),
    "khmer": ("fontpkg_noto_sans_khmer", "files/*.ttf"),
    "han": ("pylopdf_fonts_zh_cn", "NotoSansSC-*.otf"),
    "hangul": ("pylopdf_fonts_ko", "NotoSansKR-*.otf"),
}
_LATIN = "latin"
_INK, _QUIET = (25, 28, 34), (79, 86, 101)
_FILLS = {"in": (243, 244, 247), "out": (229, 231, 252), "note": (255, 245, 214)}
_WIDE, _SHIFT = 140.0, 40.0
# What is drawn by nobody and changes only how its neighbours look.
_UNSEEN = frozenset("\n\u200b\u200c\u200d\u2060\ufe0e\ufe0f")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """`head` stands small above the text; `kind` is how it looks: a heading of its own, or who said it."""

    kind: Literal["title", "day", "in", "out", "note"]
    text: str
    head: str = ""


def document(paragraphs: Sequence[Paragraph], *, left_out: str) -> bytes:
    """The paragraphs as a PDF; `left_out` is said at the end where letters are missing. Costs CPU: for a thread."""
    from fpdf import FPDF

    letters = frozenset(c for p in paragraphs for c in p.text + p.head)
    fonts = _needed(letters)
    known = frozenset().union(*(_letters(font) for font in fonts)) | _UNSEEN
    pdf = FPDF(format="A4")
    pdf.set_margin(15)
    pdf.set_auto_page_break(True, margin=15)
    for font in fonts:
        pdf.add_font(font, fname=_path(font))
    pdf.set_fallback_fonts(fonts[1:], exact_match=False)
    # Costs as much again as all the rest; Latin, Greek and Cyrillic look the same without.
    pdf.set_text_shaping(len(fonts) > 1)
    pdf.add_page()
    for paragraph in paragraphs:
        _draw(pdf, paragraph, known)
    if letters - known:
        _draw(pdf, Paragraph("day", left_out), known)
    return bytes(pdf.output())


def _draw(pdf: "FPDF", paragraph: Paragraph, known: frozenset[str]) -> None:
    text, head = (_written(words, known) for words in (paragraph.text, paragraph.head))
    if paragraph.kind in ("title", "day"):
        title = paragraph.kind == "title"
        pdf.set_font(_LATIN, size=16 if title else 9)
        pdf.set_text_color(*(_INK if title else _QUIET))
        pdf.ln(0 if title else 3)
        pdf.multi_cell(0, 8 if title else 6, text, align="L" if title else "C", new_x="LMARGIN", new_y="NEXT")
        return
    left = pdf.l_margin + (_SHIFT if paragraph.kind == "out" else 0)
    pdf.set_fill_color(*_FILLS[paragraph.kind])
    for words, size, colour, height in ((head, 8, _QUIET, 5.0), (text, 10.5, _INK, 5.4)):
        if words:
            pdf.set_font(_LATIN, size=size)
            pdf.set_text_color(*colour)
            pdf.set_x(left)
            pdf.multi_cell(_WIDE, height, words, fill=True, align="L", new_x="LMARGIN", new_y="NEXT")
    pdf.ln(2)


def _written(text: str, known: frozenset[str]) -> str:
    return "".join(c if c in known else MISSING for c in text.replace("\r", ""))


def _needed(letters: Iterable[str]) -> list[str]:
    """The fonts that have these letters, the first always; loading one takes a while."""
    left = set(letters) - _letters(_LATIN) - _UNSEEN
    found = [_LATIN]
    for font in _FONTS:
        if left and left & _letters(font):
            found.append(font)
            left -= _letters(font)
    return found


@cache
def _letters(font: str) -> frozenset[str]:
    from fontTools.ttLib import TTFont

    with TTFont(_path(font), lazy=True) as opened:
        return frozenset(map(chr, opened.getBestCmap()))


@cache
def _path(font: str) -> Path:
    package, pattern = _FONTS[font]
    folder = Path(str(resources.files(package)))
    return next(path for path in sorted(folder.glob(pattern)) if "Italic" not in path.name)
