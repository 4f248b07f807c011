"""Contents for a million people: read once, filled for each; the quick way writes what Liquid writes."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import Invalid
from channels.content import (
    Button,
    Buttons,
    Content,
    LinkButton,
    Template,
    TemplateParameters,
    TemplatePreview,
    Text,
)
from crm import contacts
from crm import fields as contact_fields
from crm.fields import ContactField
from inbox import personalising, wording
from inbox.links import tagged
from tests.support.shop import Shop

KNOWN = {"contact.first_name": "Ana", "contact.fields.city": "Tamale", "workspace.name": "Kente & Co"}


def shortened(url: str) -> str:
    return "https://go.example/l/" + tagged(url, {}).removeprefix("https://").replace("/", "_")


OWN_PAGE = "https://shop.example/{{ contact.fields.city }}?x=1"
CASES: list[tuple[str, Content, Content, tuple[str, ...]]] = [
    ("alike for all", Text(text="We open at nine."), Text(text="We open at nine."), ()),
    (
        "a default",
        Text(text='Dear {{ contact.name | default: "friend" }}, hello.'),
        Text(text="Dear friend, hello."),
        (),
    ),
    (
        "missing",
        Text(text="Dear {{ contact.name }} of {{ contact.fields.city }} and {{ contact.company }}"),
        Text(text="Dear {{ contact.name }} of Tamale and {{ contact.company }}"),
        ("contact.name", "contact.company"),
    ),
    (
        "Liquid",
        Text(text="{% if contact.name %}A{% else %}{{ contact.first_name | upcase }}{% endif %}"),
        Text(text="ANA"),
        (),
    ),
    (
        "what Liquid gives of any object is no value of a contact",
        Text(text="{{ contact.fields.size }}"),
        Text(text="{{ contact.fields.size }}"),
        ("contact.fields.size",),
    ),
    (
        "links, and the stop behind one",
        Text(text="See https://shop.example/a. Or https://shop.example/{{ contact.fields.city }}?x=1"),
        Text(text="See https://go.example/l/shop.example_a. Or " + shortened(OWN_PAGE)),
        (),
    ),
    (
        "buttons",
        Buttons(text="{{ contact.first_name }}?", buttons=(Button(id="y", title="Yes, {{ contact.first_name }}"),)),
        Buttons(text="Ana?", buttons=(Button(id="y", title="Yes, Ana"),)),
        (),
    ),
    (
        "nothing left of a text",
        LinkButton(text='{{ contact.name | default: "" }}', label="Shop", url="https://shop.example/a"),
        LinkButton.model_construct(text="", label="Shop", url="https://go.example/l/shop.example_a"),
        ("text",),
    ),
    (
        "a template, whose buttons lead to the shop and to a short link",
        Template(
            name="spring",
            language="en",
            parameters=TemplateParameters(
                body={"1": "{{ contact.first_name }}"},
                buttons={"0": "https://shop.example/o/{{ contact.fields.city }}", "1": "https://shop.example/a"},
            ),
            preview=TemplatePreview(body="Hi {{ contact.first_name }}, see https://fixed.example"),
            components=(
                {
                    "type": "BUTTONS",
                    "buttons": [
                        {"type": "URL", "url": "https://shop.example/o/{{1}}"},
                        {"type": "URL", "url": "https://go.example/l/{{1}}"},
                    ],
                },
            ),
        ),
        Template(
            name="spring",
            language="en",
            parameters=TemplateParameters(body={"1": "Ana"}, buttons={"0": "Tamale", "1": "shop.example_a"}),
            preview=TemplatePreview(body="Hi Ana, see https://fixed.example"),
            components=(
                {
                    "type": "BUTTONS",
                    "buttons": [
                        {"type": "URL", "url": "https://shop.example/o/{{1}}"},
                        {"type": "URL", "url": "https://go.example/l/{{1}}"},
                    ],
                },
            ),
        ),
        (),
    ),
]


@pytest.mark.parametrize(("content", "filled", "missing"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_filled(content: Content, filled: Content, missing: tuple[str, ...]) -> None:
    compiled = personalising.compiled(content)
    assert compiled.fill(KNOWN, shortened) == personalising.Filled(filled, missing)


def test_what_is_asked_for_and_what_can_be_followed() -> None:
    text = "{{ contact.name }} https://a.example https://a.example https://b.example/{{ contact.fields.city }}"
    compiled = personalising.compiled(Text(text=text), {"contact.name": "you"})
    assert compiled.needs == {"contact.name", "contact.fields.city"}
    assert compiled.links == ("https://a.example", "https://b.example/{{ contact.fields.city }}")
    assert compiled.untracked == ()
    others = personalising.compiled(
        Text(text="https://{{ contact.fields.city }}.example https://b.example{{ contact.name }}")
    )
    assert (others.links, others.untracked) == ((), ("https://", "https://b.example"))
    # What is missing in an address is missing, short as it is.
    assert compiled.fill({}, shortened).missing == ("contact.fields.city",)
    assert compiled.fill({"contact.fields.city": "Ho"}).content == Text(
        text="you https://a.example https://a.example https://b.example/Ho"
    )


@pytest.mark.parametrize("text", ["{{ agent.name }}", "{{ link.n0 }}", "{{ contact.name ", "{{ contact.name | join }}"])
def test_what_there_is_not_is_refused_in_words(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        personalising.compiled(Template(name="x", language="en", parameters=TemplateParameters(body={"1": text})))
    assert refused.value.errors[0].field == "content.parameters.body.1"


# What people write: names with and without defaults, addresses, and odd bits between.
_BITS = st.sampled_from(
    (
        *(
            "{{ contact.first_name }}",
            "{{contact.name}}",
            '{{ contact.name | default: "you" }}',
            "{{ contact.fields.city}}",
        ),
        *(
            "{{ contact.company | default: 'x y' }}",
            "{{- contact.name -}}",
            "{",
            "}",
            "}}",
        ),
        *(
            "{{ contact.fields.city | upcase }}",
            "{% if contact.name %}!{% endif %}",
            # What follows it at once is encoded; see below.
            "https://a.example/x ",
            ".",
            "\n",
            "  ",
        ),
        *("{{ contact.first_name | default: '' }}", "é", "{#", "%}"),
    )
)
_VALUES = st.dictionaries(
    st.sampled_from(
        ("contact.first_name", "contact.name", "contact.company", "contact.fields.city", "contact.fields.last_order")
    ),
    st.text(min_size=1, max_size=8),
)


@given(st.lists(_BITS, max_size=8), _VALUES, st.dictionaries(st.just("contact.name"), st.just("someone")))
def test_the_quick_way_writes_what_liquid_writes(
    bits: list[str], facts: dict[str, str], defaults: dict[str, str]
) -> None:
    text = "".join(bits)
    try:
        compiled = personalising.compiled(Text.model_construct(text=text), defaults)
    except Invalid:
        return
    nested: dict[str, dict[str, object]] = {"contact": {"fields": {}}}
    for name, value in {**defaults, **facts}.items():
        at = nested["contact"]["fields"] if ".fields." in name else nested["contact"]
        at[re.sub(r".*\.", "", name)] = value  # type: ignore[index]
    wanted = wording.read(text).rendered(nested)
    filled = compiled.fill(facts)
    assert isinstance(filled.content, Text)
    assert (filled.content.text if bits else "") == wanted.text or (not compiled.needs and filled.content.text == text)
    assert set(filled.missing) - {"text"} == set(wanted.missing)


async def test_what_is_known_of_people(shop: Shop) -> None:
    ws = shop.owner.ws
    _, conversation = await shop.someone("whatsapp")
    known = await contact_fields.get(ws)
    size = ContactField(key="shoe_size", label="Shoe size", kind="number")
    await contact_fields.save(ws, replace(known, fields=(*known.fields, size)))
    contact = await contacts.get(ws, conversation["contact_id"])
    _, contact = await contacts.change(
        ws, contact.id, lambda now: replace(now, stage="customer", fields={"shoe_size": 41})
    )
    needs = frozenset({"contact.first_name", "contact.stage", "contact.company", "contact.fields.shoe_size"})
    found = await personalising.facts(ws, [contact], needs | {"workspace.name"})
    assert found[contact.id].pop("workspace.name")
    assert found == {
        contact.id: {
            "contact.first_name": "Customer",
            "contact.stage": "Customer",
            "contact.fields.shoe_size": "41",
        }
    }


ADDRESSES = [
    ("https://x.example/?n={{ contact.name }}", "https://x.example/?n=Ana%20%26%20Co%2F%C3%A4%2B1%23"),
    ("https://x.example/{{ contact.name }}/b?c=d", "https://x.example/Ana%20&%20Co/%C3%A4+1#/b?c=d"),
    ("https://x.example/?n={{ contact.name | url_encode }}", "https://x.example/?n=Ana+%26+Co%2F%C3%A4%2B1%23"),
    ("https://x.example/?n={{ contact.name | upcase }}", "https://x.example/?n=ANA%20&%20CO/Ä+1#"),
    ('https://x.example/?n={{ contact.stage | default: "no%20one" }}', "https://x.example/?n=no%20one"),
    ("https://x.example/A_(b)", "https://x.example/A_(b)"),
]


@pytest.mark.parametrize(("written", "led"), ADDRESSES)
def test_what_is_written_into_an_address_does_not_break_it(written: str, led: str) -> None:
    """A blank would end it, and a sign of addresses in a value would say something else to the shop."""
    compiled = personalising.compiled(Text(text=f"(see {written})."))
    assert compiled.links == (written,)
    assert compiled.fill({"contact.name": "Ana & Co/ä+1#"}).content == Text(text=f"(see {led}).")


def test_what_only_looks_like_an_address_is_text() -> None:
    assert personalising.compiled(Text(text="https://[oops/ and https:///x")).links == ()
