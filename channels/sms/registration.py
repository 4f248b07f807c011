"""
Registration of senders: what carriers and countries have to know of one before its messages arrive.

The owner fills in how things stand: it is shown in the provider's console. What is known to be refused is not sent,
neither at the check of a broadcast nor at hand-over; where nothing is filled in a message is tried, and what the
provider says of it counts.

Sources (countries change their minds, and the lists of countries were put together by hand: what is not in them is
tried, and what the owner says of a country counts for more):
 - A2P 10DLC: US carriers refuse unregistered long codes, Twilio error 30034.
   https://www.twilio.com/docs/messaging/compliance/a2p-10dlc
 - Toll-free verification: needed for the United States and Canada, error 30032.
   https://www.twilio.com/docs/messaging/compliance/toll-free
 - DLT: India's operators compare each text with the sender's registered templates (TCCCPR 2018). Messages of senders
   without an entity go as international traffic. https://www.twilio.com/en-us/guidelines/in/sms
 - Alphanumeric sender IDs by country, and those where they are registered first.
   https://help.twilio.com/articles/223133767
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from app.core.addresses import country_of
from channels.contract import ChannelAccount, FormField, OutboundMessage, Unregistered
from channels.errors import AccountError, MessageRefused
from channels.sms import rendering, senders

_STATES: Final = (
    ("", "Not said"),
    ("approved", "Approved"),
    ("pending", "Waiting for approval"),
    ("rejected", "Rejected"),
    ("none", "Not registered"),
)
_NOT_YET: Final[Mapping[str, str]] = {
    "pending": "is still waiting for approval",
    "rejected": "was rejected",
    "none": "has not been registered",
}
# Carriers of these deliver no sender that is letters.
REFUSE_LETTERS: Final = frozenset("AR BE BR CA CL CN CO CR EC KR MX MY NZ PR TW US UY VE ZA".split())  # noqa: SIM905
# Carriers of these deliver it once it was registered there.
REGISTER_LETTERS: Final = frozenset(
    "AE BY CZ EG ID IN JO KE KW KZ LK NG OM PH QA RO RS RU SA SG SK TH TR UA UZ VN".split()  # noqa: SIM905
)
# Where 10DLC counts; toll-free numbers are verified for Canada as well.
_LONG_CODES: Final = frozenset(("US", "PR"))
_TOLL_FREE: Final = frozenset(("US", "PR", "CA"))
_BRAND = re.compile(r"BN[0-9a-fA-F]{32}")
_CAMPAIGN = re.compile(r"(QE|CM)[0-9a-fA-F]{32}|C[0-9A-Z]{6}")
_ENTITY = re.compile(r"\d{19}")
_TEMPLATE = re.compile(r"\s*(\d{19})\s+(\S.*)")
_VARIABLE = re.compile(r"\{#(?:var|numeric|alphanumeric|url|cbn|email)#\}")
# What one place in a registered text may hold.
_MOST_IN_PLACE: Final = 30

FORM: Final = (
    FormField(
        name="brand_id",
        label="10DLC brand",
        help="Only for US numbers. The SID of your approved brand, from the Twilio Console under Messaging → "
        "Regulatory Compliance → Brands. It starts with BN.",
        placeholder="BN00000000000000000000000000000000",
        required=False,
    ),
    FormField(
        name="campaign_id",
        label="10DLC campaign",
        help="Only for US numbers. From Messaging → Regulatory Compliance → Campaigns: the SID that starts with QE, "
        "or the campaign ID that starts with C. The number has to be in the campaign's messaging service.",
        placeholder="QE00000000000000000000000000000000",
        required=False,
    ),
    FormField(
        name="campaign_state",
        label="10DLC state",
        help="What stands beside the campaign in the Console. Carriers in the United States take nothing from a number "
        "whose campaign is not approved, so nothing is sent there until it is.",
        required=False,
        type="select",
        options=_STATES,
    ),
    FormField(
        name="toll_free_state",
        label="Toll-free verification",
        help="Only for toll-free numbers (+1 800, 833, 844 …): what stands under Phone Numbers → Regulatory "
        "Compliance → Toll-free. Unverified ones reach nobody in the United States and Canada.",
        required=False,
        type="select",
        options=_STATES,
    ),
    FormField(
        name="registered_countries",
        label="Sender ID registered in",
        help="Only for a sender of letters: countries (two letters, with commas) in which Twilio has registered it for "
        "you, or has told you that it delivers there. Some take such senders only then; the Console lists them under "
        "Messaging → Senders.",
        placeholder="SG, KE",
        required=False,
    ),
    FormField(
        name="dlt_entity_id",
        label="DLT entity ID",
        help="Only for India: the 19 digits that your operator's DLT portal (Jio, Airtel, Vi …) shows as Principal "
        "Entity ID. Filled in, only registered texts go to India.",
        placeholder="1101234567890123456",
        required=False,
    ),
    FormField(
        name="dlt_templates",
        label="DLT templates",
        help="Only for India: a template a line, its 19 digits first and then its text as it was approved, with "
        "{#var#} where it has a place. The portal lists both under Content Templates.",
        placeholder="1107123456789012345 Dear {#var#}, your offer is {#var#}. Reply STOP to end",
        required=False,
        type="lines",
    ),
)


@dataclass(frozen=True, slots=True)
class DltTemplate:
    """A text that India's operators know: `words` fits what may be sent as it."""

    id: str
    words: re.Pattern[str]


def check(account: ChannelAccount) -> tuple[str, ...]:
    """What may be wrong with it, to read. Raises AccountError where a value cannot be what it is for."""
    for name, shape, words in (
        ("brand_id", _BRAND, "A brand's SID is BN and 32 letters and digits."),
        ("campaign_id", _CAMPAIGN, "A campaign is QE and 32 letters and digits, or C and six."),
        ("dlt_entity_id", _ENTITY, "An entity ID has 19 digits."),
    ):
        if (value := _given(account, name)) and not shape.fullmatch(value):
            raise AccountError(words, field=name)
    for line in _lines(account):
        if not _TEMPLATE.fullmatch(line):
            raise AccountError(f"Begin each line with the template's 19 digits: “{line[:40]}”.", field="dlt_templates")
    if not all(re.fullmatch(r"[A-Z]{2}", each) for each in _registered_in(account)):
        raise AccountError("Write countries as two letters with commas between them.", field="registered_countries")
    sender = senders.of(account)
    kind, name = (
        ("Toll-free verification", "toll_free_state") if senders.is_toll_free(sender) else ("10DLC", _CAMPAIGNS)
    )
    state = _NOT_YET.get(_given(account, name))
    return (f"{kind}: this sender {state}, so nothing goes to the United States.",) if state else ()


def unregistered(account: ChannelAccount, country: str | None, text: str) -> Unregistered | None:
    """Why carriers of this country would not take this text from this sender; None as far as is known they would."""
    sender = senders.of(account)
    if senders.is_letters(sender):
        # The owner has asked, and knows better than our tables.
        agreed = country in _registered_in(account)
        if country in REFUSE_LETTERS and not agreed:
            return Unregistered(
                "sender_refused", f"Phones in {country} get nothing from a sender of letters ({sender})."
            )
        if country in REGISTER_LETTERS and not agreed and country != "IN":
            words = f"The sender {sender} is not registered in {country}, where carriers ask for that."
            return Unregistered("sender_unregistered", words)
    elif senders.is_toll_free(sender):
        if country in _TOLL_FREE and (state := _NOT_YET.get(_given(account, "toll_free_state"))):
            return Unregistered("sender_unregistered", f"The toll-free number {state}: carriers take nothing from it.")
    elif country in _LONG_CODES and (state := _NOT_YET.get(_given(account, _CAMPAIGNS))):
        return Unregistered(
            "sender_unregistered", f"The sender's 10DLC campaign {state}: US carriers take nothing from it."
        )
    if country == "IN" and _given(account, "dlt_entity_id") and not _is_known(account, text):
        words = "No DLT template of this account has these words, and operators in India take no others."
        return Unregistered("text_unregistered", words)
    return None


def require(account: ChannelAccount, message: OutboundMessage) -> None:
    """Asked again right before the provider is. Raises MessageRefused."""
    found = unregistered(account, country_of(message.to), rendering.text(message.content))
    if found is not None:
        raise MessageRefused(found.words, provider_code=found.code)


_CAMPAIGNS: Final = "campaign_state"


def _given(account: ChannelAccount, name: str) -> str:
    return str(account.config.get(name) or "")


def _lines(account: ChannelAccount) -> tuple[str, ...]:
    lines = account.config.get("dlt_templates") or ()
    return tuple(lines) if isinstance(lines, list | tuple) else ()


def _registered_in(account: ChannelAccount) -> tuple[str, ...]:
    return tuple(each.strip().upper() for each in _given(account, "registered_countries").split(",") if each.strip())


def _is_known(account: ChannelAccount, text: str) -> bool:
    return any(each.words.fullmatch(text) for each in _templates(_lines(account)))


@lru_cache(maxsize=256)
def _templates(lines: tuple[str, ...]) -> tuple[DltTemplate, ...]:
    return tuple(
        DltTemplate(found[1], re.compile(_places(found[2].strip()), re.DOTALL))
        for found in map(_TEMPLATE.fullmatch, lines)
        if found
    )


def _places(text: str) -> str:
    """A pattern of a registered text: each place takes a few characters, white space may be any."""
    fixed = [re.sub(r"(?:\\\s|\s)+", r"\\s+", re.escape(part)) for part in _VARIABLE.split(text)]
    return f".{{0,{_MOST_IN_PLACE}}}".join(fixed)
