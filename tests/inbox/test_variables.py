"""Variables in texts: what they become, what is missing, and what a hostile text cannot do."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.errors import Invalid
from inbox.answering import variables
from tests.support.shop import Shop

KNOWN = {"contact.first_name": "Ana", "contact.name": "Ana Kovacs", "agent.first_name": "Ama"}

READS = [
    ("Hi {{ contact.first_name }}!", "Hi Ana!", ()),
    ("Hi {{contact.language}}", "Hi {{ contact.language }}", ("contact.language",)),
    ("{{ contact.language | default: 'en' }}", "en", ()),
    ("{% if contact.language == 'fr' %}Oui{% else %}Yes{% endif %}", "Yes", ()),
    ("{{ contact.name | upcase }} by {{ agent.first_name }}", "ANA KOVACS by Ama", ()),
    ("{{ agent.name }}{{ contact.language }}{{ agent.name }}", None, ("agent.name", "contact.language")),
]

REFUSED = [
    ("{{ contact.zip }}", "There is no variable 'contact.zip'"),
    ("{{ contact }}", "There is no variable 'contact'"),
    ("{{ contact[agent.name] }}", "There is no variable"),
    ("{{ contact.name", "cannot be read"),
    ("{{ contact.name | shout }}", "There is no filter 'shout'"),
    ("{{ contact.name | split: '' | join: contact.name }}", "There is no filter"),
    ("{% include 'secrets' %}", "Unexpected tag"),
    ("{% render 'secrets' %}", "Unexpected tag"),
    ("{% for i in (1..1000000000) %}x{% endfor %}", "limit"),
    ("{% for i in (1..99) %}{% for j in (1..99) %}x{% endfor %}{% endfor %}", "limit"),
    ("{% for i in (1..200) %}" + "x" * 4000 + "{% endfor %}", "limit"),
    ("{{ 1 | divided_by: 0 }}", "divide by 0"),
    ("x" * 5_001, "at most 5000"),
]

PIECES = st.sampled_from(
    [
        *(
            "{{",
            "}}",
            "{%",
            "%}",
            "|",
            " ",
            ".",
            "contact",
            "name",
            "default:",
            "'x'",
            "if",
            "endif",
            "for i in (1..9)",
        ),
        *("for i in (1..9)", "endfor", "assign a = ", "append: a", "times: 99999", "capture a"),
        *("endcapture", "[0]", "\x00", "é"),
    ]
)


@pytest.mark.parametrize(("text", "expected", "missing"), READS)
def test_a_text_reads_as_it_was_meant(text: str, expected: str | None, missing: tuple[str, ...]) -> None:
    rendered = variables.render(text, KNOWN)
    assert rendered.missing == missing
    assert expected is None or rendered.text == expected


@pytest.mark.parametrize(("text", "words"), REFUSED)
def test_a_text_that_cannot_be_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(Invalid, match=words) as refused:
        variables.example(text)
    assert refused.value.errors[0].field == "text"
    # And when it is saved: what goes by itself fails where nobody looks.
    with pytest.raises(Invalid, match=words) as refused:
        variables.check(text, field="question")
    assert refused.value.errors[0].field == "question"


def test_what_only_a_field_of_somebody_knows_is_no_fault() -> None:
    variables.check("{{ contact.fields.total | divided_by: contact.fields.pieces }}")


@settings(max_examples=150)
@given(st.lists(PIECES, max_size=25).map("".join) | st.text(max_size=60))
def test_any_text_is_rendered_or_refused_and_never_large(text: str) -> None:
    with suppress(Invalid):
        assert len(variables.example(text).text) <= 20_000


async def test_a_text_is_rendered_for_a_conversation(shop: Shop) -> None:
    _, conversation = await shop.someone("sms")
    listed = await shop.get("/variables")
    assert {"contact.name", "agent.first_name"} <= {item["name"] for item in listed["items"]}
    text = "Hi {{ contact.first_name | default: 'there' }}, {{ agent.first_name }} on {{ channel.name }}"
    rendered = await shop.post(f"/conversations/{conversation['id']}/render", text=text)
    assert rendered == {"text": "Hi there, Olu on SMS", "missing": []}
    rendered = await shop.post(f"/conversations/{conversation['id']}/render", text="Dear {{ contact.name }}")
    assert rendered == {"text": "Dear {{ contact.name }}", "missing": ["contact.name"]}
    assert (await shop.post("/variables/preview", text="{{ contact.first_name }}"))["text"] == "Ana"
    await shop.post("/variables/preview", 422, text="{{ contact.zip }}")
