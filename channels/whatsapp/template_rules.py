"""
What Meta refuses in a template, said before it is submitted and in words that say what to do.

Sources: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/components,
https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-review
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from app.core.addresses import e164
from channels.template_drafts import DraftButton, DraftCard, DraftCode, DraftHeader, Problem, TemplateDraft
from channels.whatsapp import template_forms
from channels.whatsapp.template_filling import variables

MAX_BODY_CHARS: Final = 1024
MAX_HEADER_CHARS: Final = 60
MAX_FOOTER_CHARS: Final = 60
MAX_LABEL_CHARS: Final = 25
MAX_URL_CHARS: Final = 2000
MAX_PHONE_CHARS: Final = 20
MAX_CODE_CHARS: Final = 20
MAX_OFFER_CHARS: Final = 16
MAX_OFFER_BODY_CHARS: Final = 600
MAX_CARD_CHARS: Final = 160
MAX_BUTTONS: Final = 10
CARDS: Final = (2, 10)
CARD_BUTTONS: Final = (1, 2)
# Fixed words that Meta wants for each variable.
WORDS_A_VARIABLE: Final = 3

_NAME = re.compile(r"[a-z0-9_]{1,512}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2,4})?")
_VARIABLE = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
_EMOJI = re.compile("[\U0001f300-\U0001faff\U00002600-\U000027bf]")
_MOST: Mapping[str, tuple[int, str]] = {
    "url": (2, "two buttons that open a page"),
    "phone": (1, "one button that calls"),
    "copy_code": (1, "one button that copies a code"),
    "flow": (1, "one button that opens a form"),
}


def problems(draft: TemplateDraft) -> list[Problem]:
    """Everything that is wrong with it, in the order of its fields."""
    return list(_problems(draft))


def _problems(draft: TemplateDraft) -> Iterator[Problem]:
    if not _NAME.fullmatch(draft.name):
        words = "Use small letters, digits and underscores only, such as spring_offer (at most 512)."
        yield Problem("name", words if draft.name else "Give the template a name, such as spring_offer.")
    if not _LANGUAGE.fullmatch(draft.language):
        yield Problem("language", "Choose a language, such as en or en_US.")
    if draft.category == "AUTHENTICATION":
        yield from _code(draft.code or DraftCode())
        return
    if draft.header:
        yield from _header(draft.header, draft.header_examples, "header")
    most = MAX_OFFER_BODY_CHARS if draft.offer else MAX_BODY_CHARS
    yield from _text(draft.body, draft.examples, "body", most, "examples", required=True)
    yield from _mixed(draft)
    yield from _footer(draft)
    yield from _buttons(draft.buttons, "buttons")
    yield from _offer(draft)
    yield from _carousel(draft)


def _header(header: DraftHeader, examples: Mapping[str, str], field: str) -> Iterator[Problem]:
    if header.kind == "location":
        return
    if header.kind != "text":
        if not header.file_id and not header.sample:
            yield Problem(f"{field}.file_id", f"Choose a sample {header.kind}: the review looks at it.")
        return
    yield from _length(header.text, MAX_HEADER_CHARS, f"{field}.text", required=True)
    names = variables(header.text)
    if len(names) > 1:
        yield Problem(f"{field}.text", "A header takes one variable; move the others into the text.")
    for mark in ("*", "~", "`", "\n"):
        if mark in header.text:
            what = "new lines" if mark == "\n" else f"the mark {mark}"
            yield Problem(f"{field}.text", f"A header takes no {what}.")
            break
    if _EMOJI.search(header.text):
        yield Problem(f"{field}.text", "A header takes no emoji; move it into the text.")
    if "{{" in _VARIABLE.sub("", header.text) or (names and names[0].isdigit() and names[0] != "1"):
        yield Problem(f"{field}.text", "The variable of a header is written {{1}}, or {{first_name}}.")
    yield from _unexplained(names, examples, "header_examples")


def _text(
    words: str, examples: Mapping[str, str], field: str, most: int, examples_field: str, *, required: bool
) -> Iterator[Problem]:
    yield from _length(words, most, field, required=required)
    left = _VARIABLE.sub("\0", words)
    if any(mark in left for mark in ("{{", "}}", "{\0", "\0}")):
        yield Problem(field, "A variable is written {{1}} or {{first_name}}; one here is not complete.")
        return
    bare = words.strip()
    names = variables(words)
    if bare and (_VARIABLE.match(bare) or bare.endswith("}}")):
        yield Problem(field, "A variable cannot begin or end the text: put words before and behind it.")
    if re.search(r"\}\}\s*\{\{", words):
        yield Problem(field, "Two variables stand side by side: put words between them, or make them one.")
    numbers = [name for name in names if name.isdigit()]
    wanted = {str(number) for number in range(1, len(numbers) + 1)}
    if set(numbers) != wanted:
        yield Problem(field, f"Number the variables {{{{1}}}} to {{{{{len(numbers)}}}}}, without gaps.")
    fixed = len(_VARIABLE.sub(" ", words).split())
    if names and fixed < WORDS_A_VARIABLE * len(names):
        lacking = WORDS_A_VARIABLE * len(names) - fixed
        yield Problem(field, f"Too many variables for so few words: write {lacking} more, or take a variable out.")
    if "\n\n\n" in words:
        yield Problem(field, "Leave at most one line empty.")
    yield from _unexplained(names, examples, examples_field)


def _unexplained(names: Sequence[str], examples: Mapping[str, str], field: str) -> Iterator[Problem]:
    for name in names:
        if not examples.get(name, "").strip():
            yield Problem(f"{field}.{name}", "Give an example of what stands here; the review needs it.")


def _mixed(draft: TemplateDraft) -> Iterator[Problem]:
    texts = [draft.body, draft.header.text if draft.header else "", *(card.body for card in draft.cards)]
    names = [name for words in texts for name in variables(words)]
    if template_forms.named(draft) and any(name.isdigit() for name in names):
        yield Problem("body", "Either number all variables ({{1}}) or name all of them ({{first_name}}).")
    for name in names:
        if not name.isdigit() and not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            yield Problem("body", f"Write the variable {name} in small letters, digits and underscores.")


def _footer(draft: TemplateDraft) -> Iterator[Problem]:
    if not draft.footer:
        return
    yield from _length(draft.footer, MAX_FOOTER_CHARS, "footer", required=False)
    if "{{" in draft.footer:
        yield Problem("footer", "A footer takes no variables.")
    if draft.offer:
        yield Problem("footer", "A limited-time offer has no footer: take it out.")
    elif draft.cards:
        yield Problem("footer", "A carousel has no footer: take it out.")


def _buttons(buttons: Sequence[DraftButton], field: str) -> Iterator[Problem]:
    if len(buttons) > MAX_BUTTONS:
        yield Problem(field, f"There are {len(buttons)} buttons; WhatsApp takes {MAX_BUTTONS}.")
    for kind, (most, words) in _MOST.items():
        if sum(button.kind == kind for button in buttons) > most:
            yield Problem(field, f"WhatsApp takes at most {words}.")
    quick = [at for at, button in enumerate(buttons) if button.kind == "quick_reply"]
    if quick and quick[-1] - quick[0] + 1 != len(quick):
        yield Problem(field, "Put the quick replies side by side, before or behind the other buttons.")
    yield from _each_button(buttons, field)


def _each_button(buttons: Sequence[DraftButton], field: str) -> Iterator[Problem]:
    labels = [button.text.strip().casefold() for button in buttons if button.kind != "copy_code"]
    for at, button in enumerate(buttons):
        yield from _button(button, f"{field}.{at}")
        label = button.text.strip().casefold()
        if label and labels.count(label) > 1:
            yield Problem(f"{field}.{at}.text", "Two buttons have the same label.")


def _button(button: DraftButton, field: str) -> Iterator[Problem]:
    if button.kind != "copy_code":
        yield from _length(button.text, MAX_LABEL_CHARS, f"{field}.text", required=True)
        if "{{" in button.text or _EMOJI.search(button.text):
            yield Problem(f"{field}.text", "A label takes no variables and no emoji.")
    match button.kind:
        case "url":
            yield from _url(button, field)
        case "phone":
            if e164(button.phone) is None or len(button.phone) > MAX_PHONE_CHARS:
                yield Problem(f"{field}.phone", "Give the number with its country, such as +1 202 555 0123.")
        case "copy_code":
            if not 1 <= len(button.example.strip()) <= MAX_CODE_CHARS:
                yield Problem(f"{field}.example", f"Give an example of a code of at most {MAX_CODE_CHARS} characters.")
        case "flow":
            if not button.flow_id.strip():
                yield Problem(f"{field}.flow_id", "Give the id of the Flow, from Meta's WhatsApp Manager.")


def _url(button: DraftButton, field: str) -> Iterator[Problem]:
    if not re.match(r"https?://[^\s/{]+\.[^\s{]", button.url):
        yield Problem(f"{field}.url", "Give a whole address, such as https://example.com/offers.")
        return
    yield from _length(button.url, MAX_URL_CHARS, f"{field}.url", required=True)
    names = variables(button.url)
    if re.match(r"https?://(wa\.me|([\w-]+\.)*whatsapp\.com)(/|$)", button.url) and names:
        yield Problem(f"{field}.url", "A button cannot lead to WhatsApp itself with a variable.")
    if "{{" in button.url:
        if names != ("1",) or not button.url.endswith("}}") or button.url.count("{{") > 1:
            yield Problem(f"{field}.url", "An address takes one variable, {{1}}, at its very end.")
        elif not _fills(button.example, button.url.partition("{{")[0]):
            yield Problem(f"{field}.example", "Give an example of the whole address, with its end filled in.")


def _fills(example: str, head: str) -> bool:
    return example.startswith(head) and bool(example[len(head) :].strip()) and "{{" not in example


def _offer(draft: TemplateDraft) -> Iterator[Problem]:
    if draft.offer is None:
        return
    yield from _length(draft.offer.text, MAX_OFFER_CHARS, "offer.text", required=True)
    if draft.category != "MARKETING":
        yield Problem("category", "A limited-time offer is marketing: choose that category.")
    if draft.header and draft.header.kind not in ("image", "video"):
        yield Problem("header.kind", "Above a limited-time offer stands an image, a video or nothing.")
    kinds = [button.kind for button in draft.buttons]
    if "url" not in kinds:
        yield Problem("buttons", "A limited-time offer needs a button that opens a page.")
    if draft.offer.expires and kinds and kinds[0] != "copy_code" and "copy_code" in kinds:
        yield Problem("buttons", "Put the button that copies the code first.")
    if set(kinds) - {"url", "copy_code"}:
        yield Problem("buttons", "A limited-time offer takes only a code to copy and pages to open.")


def _carousel(draft: TemplateDraft) -> Iterator[Problem]:
    if not draft.cards:
        return
    if draft.category != "MARKETING":
        yield Problem("category", "A carousel is marketing: choose that category.")
    for part, is_there in (("header", draft.header), ("buttons", draft.buttons), ("offer", draft.offer)):
        if is_there:
            yield Problem(part, "Above a carousel stands only a text: take this out, the cards have their own.")
    if not CARDS[0] <= len(draft.cards) <= CARDS[1]:
        yield Problem("cards", f"A carousel has {CARDS[0]} to {CARDS[1]} cards.")
    first = _shape(draft.cards[0])
    for at, card in enumerate(draft.cards):
        field = f"cards.{at}"
        if card.header.kind not in ("image", "video"):
            yield Problem(f"{field}.header.kind", "A card has an image or a video.")
        yield from _header(card.header, {}, f"{field}.header")
        if card.body:
            yield from _text(
                card.body, card.examples, f"{field}.body", MAX_CARD_CHARS, f"{field}.examples", required=True
            )
        if not CARD_BUTTONS[0] <= len(card.buttons) <= CARD_BUTTONS[1]:
            yield Problem(f"{field}.buttons", "A card has one or two buttons.")
        if any(button.kind not in ("quick_reply", "url", "phone") for button in card.buttons):
            yield Problem(f"{field}.buttons", "A card's buttons are quick replies, pages to open or numbers to call.")
        yield from _each_button(card.buttons, f"{field}.buttons")
        if _shape(card) != first:
            yield Problem(field, "All cards have the same parts: make this one like the first (file, text, buttons).")


def _shape(card: DraftCard) -> tuple[object, ...]:
    return card.header.kind, bool(card.body), tuple(button.kind for button in card.buttons)


def _code(code: DraftCode) -> Iterator[Problem]:
    if code.expires_minutes is not None and not 1 <= code.expires_minutes <= 90:
        yield Problem("code.expires_minutes", "A code is good for 1 to 90 minutes.")
    yield from _length(code.button_text, MAX_LABEL_CHARS, "code.button_text", required=False)
    if code.button == "copy_code":
        return
    if not code.apps:
        yield Problem("code.apps", "Name your Android app: WhatsApp hands the code to it.")
    for at, app in enumerate(code.apps):
        if not re.fullmatch(r"[A-Za-z]\w*(\.[A-Za-z]\w*)+", app.package_name):
            yield Problem(f"code.apps.{at}.package_name", "Give the app's package name, such as com.example.shop.")
        if not re.fullmatch(r"[A-Za-z0-9+/=]{11}", app.signature_hash):
            yield Problem(f"code.apps.{at}.signature_hash", "The signature hash has 11 characters.")


def _length(words: str, most: int, field: str, *, required: bool) -> Iterator[Problem]:
    if required and not words.strip():
        yield Problem(field, "Write something here.")
    elif len(words) > most:
        yield Problem(field, f"This has {len(words)} characters; WhatsApp takes {most}.")
