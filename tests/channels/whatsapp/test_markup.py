"""How a text will look on the phone: what the marks mark, and that no word of it is ever lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.contract import Line
from channels.whatsapp import markup

# Each line as `kind|words` with what is drawn differently as `{style:words}`.
DRAWN = [
    ("Plain words", ["text|Plain words"]),
    ("It is *really* big", ["text|It is {bold:really} big"]),
    ("_So_ ~not~ `now`", ["text|{italic:So} {strike:not} {code:now}"]),
    ("*_Both_* and _*both*_", ["text|{bold+italic:Both} and {italic+bold:both}"]),
    ("*Two words*, done", ["text|{bold:Two words}, done"]),
    # Marks within words, beside spaces, alone, or on two lines are only characters.
    ("2*3*4, snake_case_name, 5 * 6 * 7", ["text|2*3*4, snake_case_name, 5 * 6 * 7"]),
    ("* not bold*", ["bullet|not bold*"]),
    ("*open\nended*", ["text|*open", "text|ended*"]),
    ("** __ ~~", ["text|** __ ~~"]),
    ("`*as it is*`", ["text|{code:*as it is*}"]),
    ("> They said\nand *we*", ["quote|They said", "text|and {bold:we}"]),
    ("- one\n* two\n3. three", ["bullet|one", "bullet|two", "number 3.|three"]),
    ("-5 degrees, 1.5 litres", ["text|-5 degrees, 1.5 litres"]),
    ("Run ```make *all*``` now", ["text|Run {code:make *all*} now"]),
    ("See\n```a\nb```\nend", ["text|See", "code|{code:a}", "text|{code:b}", "text|end"]),
    ("``` open", ["text|``` open"]),
    ("*Ɛyɛ* _شكرا_ *谢谢*", ["text|{bold:Ɛyɛ} {italic:شكرا} {bold:谢谢}"]),
    ("", ["text|"]),
    ("a\n\nb", ["text|a", "text|", "text|b"]),
]


def drawn(line: Line) -> str:
    kind = f"{line.kind} {line.mark}" if line.mark else line.kind
    return kind + "|" + "".join(f"{{{'+'.join(s.styles)}:{s.text}}}" if s.styles else s.text for s in line.spans)


@pytest.mark.parametrize(("text", "lines"), DRAWN)
def test_marks_are_drawn_as_the_app_draws_them(text: str, lines: list[str]) -> None:
    assert [drawn(line) for line in markup.lines(text)] == lines


@given(st.text(alphabet="ab *_~`\n>-1. 谢", max_size=60))
def test_only_marks_are_left_out(text: str) -> None:
    found = markup.lines(text)
    words = [c for line in found for span in line.spans for c in span.text]
    # What is shown stands in the text in the same order, and all letters of the text are shown.
    rest = iter(text)
    assert all(c in rest for c in words)
    assert [c for c in words if c in "ab谢"] == [c for c in text if c in "ab谢"]


def test_a_long_text_full_of_marks_takes_no_time() -> None:
    assert markup.lines(" *a" * 1_300)
    assert markup.lines("*" * 4_000)
