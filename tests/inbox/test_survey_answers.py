"""What counts as an answer to a survey, and what is a message like any other."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.closing import survey_answers

CSAT = [
    ("5", (5, "")),
    (" 4 ", (4, "")),
    ("4️⃣", (4, "")),
    ("٥", (5, "")),
    ("5 stars", (5, "")),
    ("4 Sterne", (4, "")),
    ("3/5", (3, "")),
    ("3 out of 5", (3, "")),
    ("⭐⭐⭐⭐", (4, "")),
    ("👍", (5, "")),
    ("👍🏾", (5, "")),
    ("👎", (1, "")),
    ("1, nobody called me back", (1, "nobody called me back")),
    ("5 very good service", (5, "very good service")),
    ("5!", (5, "")),
    ("2 because it took a week", (2, "because it took a week")),
    ("5👍", (5, "👍")),
    ("5 💯", (5, "💯")),
    ("(5)", (5, "")),
    ("*5*", (5, "")),
    ("5 :)", (5, "")),
    ("5.0", (5, "")),
    ("5 muchas gracias", (5, "muchas gracias")),
    ("5분", None),
    ("4.5", None),
    ("4,5", None),
    ("1-2", None),
    ("5:30", None),
    ("3,50 €", None),
    ("5 - 7 days", None),
    ("5€", None),
    ("0", None),
    ("6", None),
    ("10", None),
    ("5/10", None),
    ("50", None),
    ("5 boxes arrived broken", None),
    ("5 very good, but when do you open?", None),
    ("Hello", None),
    ("order 5", None),
    ("thanks 👍", None),
    ("", None),
]
NPS = [("0", (0, "")), ("10", (10, "")), ("7 - good", (7, "good")), ("11", None), ("9/10", (9, "")), ("👍", None)]


@pytest.mark.parametrize(("text", "found"), CSAT)
def test_satisfaction(text: str, found: Any) -> None:
    assert survey_answers.score_in(text, "csat") == found


@pytest.mark.parametrize(("text", "found"), NPS)
def test_recommendation(text: str, found: Any) -> None:
    assert survey_answers.score_in(text, "nps") == found


def test_a_button_belongs_to_its_survey() -> None:
    assert survey_answers.tapped("srv_1:4", "srv_1") == 4
    assert survey_answers.tapped("srv_2:4", "srv_1") is None
    assert survey_answers.tapped("srv_1:x", "srv_1") is None


def test_a_question_is_no_comment() -> None:
    assert survey_answers.is_comment("It took too long")
    assert not survey_answers.is_comment("Why did it take so long?")
    assert not survey_answers.is_comment("  ")


@given(st.text(max_size=60), st.sampled_from(["csat", "nps"]))
def test_any_text_is_read(text: str, kind: Any) -> None:
    found = survey_answers.score_in(text, kind)
    assert found is None or 0 <= found[0] <= 10
