"""Long text in several messages: nothing lost, nothing too long, cut where it reads best."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.splitting import split_text


@given(st.text(max_size=3_000), st.integers(2, 200))
def test_the_parts_join_back(text: str, most: int) -> None:
    parts = split_text(text, most)
    assert "".join(parts) == text
    assert all(0 < len(part) <= most for part in parts)


@given(st.lists(st.text("abcdefgh", min_size=1, max_size=12), min_size=10, max_size=80))
def test_no_word_is_cut_that_fits(words: list[str]) -> None:
    parts = split_text(" ".join(words), 40)
    assert " ".join(parts).split() == words


@pytest.mark.parametrize(
    ("text", "most", "wanted"),
    [
        ("One.\n\nTwo and three", 12, ["One.\n\nTwo ", "and three"]),
        ("A first line.\nA second", 16, ["A first line.\n", "A second"]),
        ("Hello there. How are you?", 20, ["Hello there. ", "How are you?"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("👩\u200d👩\u200d👧xxxx", 5, ["👩\u200d👩\u200d👧", "xxxx"]),
    ],
)
def test_it_cuts_at_the_kindest_place(text: str, most: int, wanted: list[str]) -> None:
    assert split_text(text, most) == wanted
