"""
What WhatsApp takes, as data.

Sources: https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages,
https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media (media),
https://developers.facebook.com/documentation/business-messaging/whatsapp/throughput (rates)
"""

import re
from dataclasses import replace
from functools import lru_cache

from channels.contract import ButtonLimits, Capabilities, ChannelAccount, ListLimits, MediaLimits, RateLimits, Rest
from channels.errors import AccountError

MAX_TEXT_CHARS = 4096
MOST_A_SECOND = 1_000
MAX_CAPTION_CHARS = 1024
MAX_INTERACTIVE_BODY_CHARS = 1024
MAX_LIST_BODY_CHARS = 4096
MAX_HEADER_CHARS = 60
MAX_FOOTER_CHARS = 60
MAX_BUTTONS = 3
MAX_BUTTON_TITLE_CHARS = 20
MAX_BUTTON_ID_CHARS = 256
MAX_LIST_ROWS = 10
MAX_LIST_LABEL_CHARS = 20
MAX_SECTION_TITLE_CHARS = 24
MAX_ROW_TITLE_CHARS = 24
MAX_ROW_DESCRIPTION_CHARS = 72
MAX_ROW_ID_CHARS = 200
MAX_LINK_LABEL_CHARS = 20
# Free-form answers delivered in a calendar month by one number, before they cost anything.
FREE_ANSWERS_A_MONTH = 1000

_TIER = re.compile(r"(?:TIER_)?(\d+)(K|M)?")
_FACTORS = {"": 1, "K": 1_000, "M": 1_000_000}
_MB = 1024 * 1024
_AUDIO = ("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg")

CAPABILITIES = Capabilities(
    max_text_chars=MAX_TEXT_CHARS,
    max_caption_chars=MAX_CAPTION_CHARS,
    media={
        "image": MediaLimits(5 * _MB, ("image/jpeg", "image/png")),
        "video": MediaLimits(16 * _MB, ("video/mp4", "video/3gpp")),
        "audio": MediaLimits(16 * _MB, _AUDIO),
        "voice": MediaLimits(16 * _MB, _AUDIO),
        "document": MediaLimits(100 * _MB),
        # 500 KB is for animated stickers; Meta refuses a static one above 100 KB itself.
        "sticker": MediaLimits(500 * 1024, ("image/webp",)),
    },
    window_hours=24,
    charged=True,
    templates=True,
    buttons="native",
    button_limits=ButtonLimits(MAX_BUTTONS, MAX_BUTTON_TITLE_CHARS, MAX_INTERACTIVE_BODY_CHARS),
    list_limits=ListLimits(
        MAX_LIST_ROWS,
        MAX_ROW_TITLE_CHARS,
        MAX_ROW_DESCRIPTION_CHARS,
        max_label_chars=MAX_LIST_LABEL_CHARS,
        max_section_chars=MAX_SECTION_TITLE_CHARS,
        max_text_chars=MAX_LIST_BODY_CHARS,
    ),
    location=True,
    contacts=True,
    quotes=True,
    reactions="full",
    typing=True,
    read_receipts_out=True,
    receipts="read",
    # One person: 1 message in 6 s, and up to 45 at once that are borrowed from later.
    rate=RateLimits(sender_per_second=80, sender_burst=80, pair_per_second=1 / 6, pair_burst=45),
    # Not on WhatsApp, an old app, or terms that were not accepted: all of it may change.
    rests={"131026": Rest(failures=2, days=90)},
)


def of(account: ChannelAccount | None) -> Capabilities:
    """With the throughput that Meta has given this number, where its owner has said so."""
    said = _rate(account) if account else None
    return _with_rate(said) if said else CAPABILITIES


def people_a_day(tier: str) -> int | None:
    """`TIER_2K`, or a plain number: people outside the reply window within 24 hours. None: no limit, or none told."""
    found = _TIER.fullmatch(tier)
    return int(found[1]) * _FACTORS[found[2] or ""] if found else None


def check_rate(account: ChannelAccount) -> None:
    """Raises AccountError if what the owner has said of the throughput is nothing that Meta gives."""
    if account.config.get("messages_per_second") and not 0 < (_rate(account) or 0) <= MOST_A_SECOND:
        words = f"Give the messages per second as a whole number from 1 to {MOST_A_SECOND:,}."
        raise AccountError(words, field="messages_per_second")


def _rate(account: ChannelAccount) -> int | None:
    said = str(account.config.get("messages_per_second") or "")
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 6 else None


@lru_cache
def _with_rate(per_second: int) -> Capabilities:
    rate = replace(CAPABILITIES.rate, sender_per_second=per_second, sender_burst=per_second)
    return replace(CAPABILITIES, rate=rate)
