"""
A template while it is written: one form for every channel that has templates, which its adapter turns into the
provider's own and back. What is wrong with one is said field by field, in words that say what to do.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from channels.content import Part

Category = Literal["MARKETING", "UTILITY", "AUTHENTICATION"]
HeaderKind = Literal["text", "image", "video", "document", "location"]
ButtonKind = Literal["quick_reply", "url", "phone", "copy_code", "flow"]
# Wider than any provider's limits, which the adapter checks in words.
Words = Annotated[str, Field(max_length=5_000)]
Name = Annotated[str, Field(max_length=600)]
Examples = Annotated[
    dict[Annotated[str, Field(max_length=100)], Annotated[str, Field(max_length=1_000)]], Field(max_length=100)
]


class DraftHeader(Part):
    """
    What stands above the text. A file's sample is one of ours (`file_id`), or the one that the provider has of it
    already (`sample`).
    """

    kind: HeaderKind
    text: Words = ""
    file_id: Annotated[str | None, Field(max_length=100)] = None
    sample: Annotated[str | None, Field(max_length=3_000)] = None


class DraftButton(Part):
    """
    `example` is a whole address for one that ends in a variable, and the code for one that copies it. `flow_id` is the
    provider's id of a form, `screen` the first of its screens.
    """

    kind: ButtonKind
    text: Name = ""
    url: Annotated[str, Field(max_length=3_000)] = ""
    phone: Annotated[str, Field(max_length=50)] = ""
    example: Annotated[str, Field(max_length=3_000)] = ""
    flow_id: Annotated[str, Field(max_length=100)] = ""
    screen: Annotated[str, Field(max_length=200)] = ""


class DraftCard(Part):
    """A card of a carousel: a picture or film, a few words, one or two buttons."""

    header: DraftHeader = DraftHeader(kind="image")
    body: Words = ""
    examples: Examples = Field(default_factory=dict)
    buttons: Annotated[tuple[DraftButton, ...], Field(max_length=10, strict=False)] = ()


class DraftOffer(Part):
    """The box of a limited-time offer; `expires`: with the time left."""

    text: Name = ""
    expires: bool = True


class DraftApp(Part):
    package_name: Name
    signature_hash: Annotated[str, Field(max_length=100)]


class DraftCode(Part):
    """A template for one-time codes; its words are the provider's own."""

    button: Literal["copy_code", "one_tap", "zero_tap"] = "copy_code"
    button_text: Name = ""
    security_recommendation: bool = True
    expires_minutes: Annotated[int | None, Field(ge=0, le=10_000)] = None
    apps: Annotated[tuple[DraftApp, ...], Field(max_length=5, strict=False)] = ()


class TemplateDraft(Part):
    """
    Variables are `{{1}}`, `{{2}}` … or `{{first_name}}`, in the header, the body and at the end of addresses; each has
    an example for the review.
    """

    name: Name = ""
    language: Annotated[str, Field(max_length=20)] = "en"
    category: Category = "UTILITY"
    header: DraftHeader | None = None
    body: Words = ""
    examples: Examples = Field(default_factory=dict)
    header_examples: Examples = Field(default_factory=dict)
    footer: Words = ""
    buttons: Annotated[tuple[DraftButton, ...], Field(max_length=20, strict=False)] = ()
    cards: Annotated[tuple[DraftCard, ...], Field(max_length=20, strict=False)] = ()
    offer: DraftOffer | None = None
    code: DraftCode | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """What the provider would refuse: where (`buttons.1.url`), and what to do about it."""

    field: str
    message: str


def files_of(draft: TemplateDraft) -> list[str]:
    """Our ids of the samples in it that the provider does not have yet, each once."""
    headers = [draft.header, *(card.header for card in draft.cards)]
    return list(dict.fromkeys(each.file_id for each in headers if each and each.file_id and not each.sample))
