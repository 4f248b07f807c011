"""Reading answers to surveys: a tapped button, a digit, stars, a thumb; and what is only a comment."""

import re
import unicodedata
from typing import Literal

from inbox.closing import thanks

_LONGEST_COMMENT = 2_000
_THUMBS = {"👍": 5, "👎": 1, "😡": 1, "🙁": 2, "☹": 2, "😐": 3, "🙂": 4, "😊": 5, "😀": 5, "😍": 5, "❤": 5}
_KEYCAP = re.compile("\ufe0f?\u20e3|[\U0001f3fb-\U0001f3ff\ufe0f]")
_QUOTED = {"(": ")", '"': '"', "'": "'", "*": "*", "_": "_", "“": "”", "«": "»"}
# A number at the start, alone or followed by what it counts; then perhaps a word about it. Not one that goes on behind
# the mark ("4.5", "5:30", "3,50", "1-2"): a half is no score, and the others are something else.
_SCORE = re.compile(
    r"^(?P<n>\d{1,2})(?:[.,]0(?!\d))?"
    r"(?:\s*(?:/|of|out of|von|sur|de|di|van)\s*(?P<of>\d{1,2}))?"
    r"(?:\s*(?:stars?|points?|sterne?|punkte?|estrellas?|estrelas?|stelle?|etoiles?|étoiles?|sterren|зв[её]зд\w?|"
    r"балл\w{0,2}|puan|yıldız|gwiazd\w{0,2}|نجوم|نجمات|分|점|颗?星|⭐+|★+))?"
    r"(?P<end>$|\s*[.,;:!–—-]+(?!\s*\d)\s*|\s+|(?=\W))(?P<rest>.*)$",
    re.IGNORECASE | re.DOTALL,
)
MOST_WORDS_BESIDE = 40


def is_tap(choice_id: str) -> bool:
    """Whether it is a button of a survey, of whichever and however old."""
    given, _, score = choice_id.rpartition(":")
    return given.startswith("srv_") and score.isascii() and score.isdigit()


def tapped(choice_id: str, survey_id: str) -> int | None:
    """The score of a button of this survey."""
    given, _, score = choice_id.rpartition(":")
    return int(score) if given == survey_id and score.isascii() and score.isdigit() else None


def score_in(text: str, kind: Literal["csat", "nps"]) -> tuple[int, str] | None:
    """The score and what else was said; None when this is no answer. `nps` goes from 0 to 10, `csat` from 1 to 5."""
    low, high = (1, 5) if kind == "csat" else (0, 10)
    plain = _KEYCAP.sub("", text).strip()
    if len(plain) > 2 and _QUOTED.get(plain[0]) == plain[-1]:
        plain = plain[1:-1].strip()
    plain = "".join(
        str(unicodedata.digit(c)) if c.isdigit() and unicodedata.digit(c, None) is not None else c for c in plain
    )
    if kind == "csat" and plain and set(plain) <= {"⭐", "★", " "}:
        stars = sum(c != " " for c in plain)
        return (stars, "") if stars <= high else None
    if kind == "csat" and plain[:1] in _THUMBS and set(plain) == {plain[0]}:
        return _THUMBS[plain[0]], ""
    found = _SCORE.match(plain)
    if found is None:
        return None
    score, rest = int(found["n"]), found["rest"].strip()
    if not low <= score <= high or (found["of"] and int(found["of"]) != high):
        return None
    # "5 boxes arrived broken, who do I call?" is no answer.
    if any(c in rest for c in "?؟？") or (rest and not found["end"].strip() and not _is_word_about(rest)):
        return None
    if rest.isascii() and not any(c.isalnum() for c in rest):
        # A smile of a colon and a bracket.
        rest = ""
    return (score, rest[:_LONGEST_COMMENT]) if len(rest.split()) <= MOST_WORDS_BESIDE else None


# What may follow a number with nothing but a space between; anything else makes it the number of something.
_ABOUT = re.compile(
    r"^(?:very|good|great|bad|poor|okay|ok|excellent|perfect|super|thanks?|thank you|gracias|merci|danke|grazie|"
    r"obrigad[oa]|because|but|for|the best|👍|👎|❤|🙏|😊|😀|😡|\(|\")",
    re.IGNORECASE,
)


def _is_word_about(rest: str) -> bool:
    return _ABOUT.match(rest) is not None or thanks.closes(rest)


def is_comment(text: str) -> bool:
    """Whether a text after the score says why. A question is something else: it wants an answer."""
    return bool(text.strip()) and not any(c in text for c in "?؟？¿") and len(text) <= _LONGEST_COMMENT
