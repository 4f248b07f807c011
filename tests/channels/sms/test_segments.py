"""Counting SMS: the known borders, and what holds for any text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sms import segments
from channels.sms.segments import GSM_BASIC, GSM_EXTENSION, Segments

CASES = [
    ("nothing", "", ("GSM-7", 0, 0, 160)),
    ("one character", "a", ("GSM-7", 1, 1, 159)),
    ("160 fit", "a" * 160, ("GSM-7", 1, 160, 0)),
    ("161 take two", "a" * 161, ("GSM-7", 2, 161, 145)),
    ("306 fill two", "a" * 306, ("GSM-7", 2, 306, 0)),
    ("307 take three", "a" * 307, ("GSM-7", 3, 307, 152)),
    ("80 euros fit", "€" * 80, ("GSM-7", 1, 160, 0)),
    ("a euro is not cut in two", "a" * 152 + "€" + "a" * 10, ("GSM-7", 2, 164, 141)),
    ("all of the extension", "\f^{}\\[~]|€", ("GSM-7", 1, 20, 140)),
    ("greek capitals are in GSM-7", "ΔΦΓΛΩΠΨΣΘΞ", ("GSM-7", 1, 10, 150)),
    ("capital cedilla is in", "Ç", ("GSM-7", 1, 1, 159)),
    ("small cedilla is not", "ç", ("UCS-2", 1, 1, 69)),
    ("backtick is not", "`", ("UCS-2", 1, 1, 69)),
    ("curly quotes are not", "“Hi”", ("UCS-2", 1, 4, 66)),
    ("non-breaking space is not", "a\u00a0b", ("UCS-2", 1, 3, 67)),
    ("70 fit", "ɛ" * 70, ("UCS-2", 1, 70, 0)),
    ("71 take two", "ɛ" * 71, ("UCS-2", 2, 71, 63)),
    ("134 fill two", "ɛ" * 134, ("UCS-2", 2, 134, 0)),
    ("135 take three", "ɛ" * 135, ("UCS-2", 3, 135, 66)),
    ("an emoji is two", "👍", ("UCS-2", 1, 2, 68)),
    ("a family is many", "👨‍👩‍👧‍👦", ("UCS-2", 1, 11, 59)),
    ("35 emoji fit", "👍" * 35, ("UCS-2", 1, 70, 0)),
    # 67 is odd: each part ends one short.
    ("36 emoji take two", "👍" * 36, ("UCS-2", 2, 72, 61)),
    ("one emoji turns it all", "a" * 100 + "👍", ("UCS-2", 2, 102, 32)),
    ("extension characters are single in UCS-2", "€ɛ", ("UCS-2", 1, 2, 68)),
]


@pytest.mark.parametrize(("label", "text", "expected"), CASES, ids=[case[0] for case in CASES])
def test_count(label: str, text: str, expected: tuple[str, int, int, int]) -> None:
    found = segments.count(text)
    assert (found.encoding, found.count, found.units, found.left) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("a" * 160, 1), ("a" * 304, 2), ("a" * 305, 3), ("ɛ" * 132, 2), ("ɛ" * 133, 3)]
)
def test_toll_free_parts_are_one_smaller(text: str, expected: int) -> None:
    assert segments.count(text, toll_free=True).count == expected


def test_the_characters_to_blame_each_once_in_order() -> None:
    assert segments.count("“ça” “va” €").outside == ("“", "ç", "”")


def test_the_tables_have_the_standard_sizes() -> None:
    # 128 code points less the escape; ten extensions.
    assert (len(GSM_BASIC), len(GSM_EXTENSION)) == (127, 10)
    assert not GSM_BASIC & GSM_EXTENSION


gsm = st.text(alphabet=sorted(GSM_BASIC | GSM_EXTENSION), max_size=700)
anything = st.text(max_size=700)


@given(st.one_of(gsm, anything), st.booleans())
def test_what_is_left_fits_and_one_more_does_not(text: str, toll_free: bool) -> None:
    found = segments.count(text, toll_free=toll_free)
    filler = "ɛ" if found.encoding == "UCS-2" else "a"
    if found.count > 1:
        full = segments.count(text + filler * found.left, toll_free=toll_free)
        assert (full.count, full.left) == (found.count, 0)
        assert segments.count(text + filler * (found.left + 1), toll_free=toll_free).count == found.count + 1
    elif text:
        full = segments.count(text + filler * found.left, toll_free=toll_free)
        assert (full.count, full.left) == (1, 0)
        assert segments.count(text + filler * (found.left + 1), toll_free=toll_free).count == 2


@given(anything, anything)
def test_more_text_is_never_fewer_segments(text: str, more: str) -> None:
    assert segments.count(text + more).count >= segments.count(text).count


@given(anything)
def test_units_are_utf_16_outside_gsm(text: str) -> None:
    found = segments.count(text)
    if found.encoding == "UCS-2":
        assert found.units == len(text.encode("utf-16-le", "surrogatepass")) // 2
    assert (found.encoding == "UCS-2") == bool(found.outside)


@given(gsm)
def test_gsm_text_stays_gsm(text: str) -> None:
    found = segments.count(text)
    assert isinstance(found, Segments)
    assert found.encoding == "GSM-7"
    assert found.units == len(text) + sum(c in GSM_EXTENSION for c in text)
