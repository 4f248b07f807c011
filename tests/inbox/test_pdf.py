"""PDFs: every script that there is a font for, and no crash whatever people write."""

import re
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbox.answering.pdf import MISSING, Paragraph, document

# A word in each script that is drawn; some that are not.
DRAWN = {
    "Latin": "Ɛyɛ façade", "Greek": "Καλημέρα", "Cyrillic": "Привет", "Arabic": "مرحبا", "Devanagari": "नमस्ते",
    "Hebrew": "שלום", "Bengali": "নমস্কার", "Chinese": "你好，包裹", "Traditional Chinese": "請問歡迎",
    "Japanese": "荷物はどこカタ", "Korean": "안녕하세요",
    "Tamil": "வணக்கம்", "Telugu": "నమస్కారం", "Thai": "สวัสดี", "Khmer": "សួស្តី",
}  # fmt: skip
NOT_DRAWN = {"Amharic": "ሰላም", "Gujarati": "નમસ્તે", "emoji": "😀"}


def letters(made: bytes) -> set[str]:
    """The letters that the fonts inside were told to stand for."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", made, re.DOTALL)
    maps = [text for stream in streams if b"beginbf" in (text := _inflated(stream))]
    pairs = [pair for text in maps for pair in re.findall(rb"<[0-9A-Fa-f]{4}> <([0-9A-Fa-f]{4})>", text)]
    return {chr(int(pair, 16)) for pair in pairs}


def _inflated(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        # Small ones are not packed.
        return stream


@pytest.mark.parametrize("script", DRAWN)
def test_a_script_with_a_font_is_drawn(script: str) -> None:
    made = document([Paragraph("in", DRAWN[script], "Ana · 10:22")], left_out="left out")
    assert made.startswith(b"%PDF-")
    assert MISSING not in letters(made)
    assert len(letters(made) & set(DRAWN[script])) >= len(set(DRAWN[script])) / 2


@pytest.mark.parametrize("script", NOT_DRAWN)
def test_what_has_no_font_is_said(script: str) -> None:
    assert MISSING in letters(document([Paragraph("out", NOT_DRAWN[script])], left_out=f"{MISSING} is missing"))


@settings(max_examples=10)
@given(st.lists(st.builds(Paragraph, st.sampled_from(["title", "day", "in", "out", "note"]), st.text(max_size=80))))
def test_whatever_is_written_it_is_a_document(paragraphs: list[Paragraph]) -> None:
    assert document(paragraphs, left_out="left out").startswith(b"%PDF-")
