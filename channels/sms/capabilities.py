"""
What SMS can do, as data.

Sources: https://www.twilio.com/docs/messaging/api/message-resource (text, number of media),
https://www.twilio.com/docs/messaging/guides/accepted-mime-types (media types and sizes).
"""

from collections.abc import Mapping

from channels.contract import ButtonLimits, Capabilities, ChannelAccount, ListLimits, MediaLimits, Rest
from channels.sms import senders

MAX_TEXT_CHARS = 1600

# Twilio makes large pictures fit a carrier's limit; everything else goes as it is, and carriers drop it above 500 kB.
_RESIZED_BYTES = 5_000_000
_PLAIN_BYTES = 500_000

_AUDIO = MediaLimits(
    _PLAIN_BYTES,
    ("audio/mpeg", "audio/mp4", "audio/ogg", "audio/amr", "audio/3gpp", "audio/basic", "audio/webm", "audio/vnd.wave"),
)
MEDIA: Mapping[str, MediaLimits] = {
    "image": MediaLimits(_RESIZED_BYTES, ("image/jpeg", "image/png", "image/gif")),
    "video": MediaLimits(
        _PLAIN_BYTES, ("video/mp4", "video/3gpp", "video/mpeg", "video/quicktime", "video/webm", "video/3gpp2")
    ),
    "audio": _AUDIO,
    "voice": _AUDIO,
    "document": MediaLimits(
        _PLAIN_BYTES, ("application/pdf", "text/vcard", "text/x-vcard", "text/calendar", "text/csv", "text/rtf")
    ),
}

# Once it is known that nobody can be there, until they write; else as long as the cause may last.
_NOBODY = Rest(failures=1, days=None)
_RESTS = {
    **dict.fromkeys(("21211", "21217", "21612", "21614", "21635", "30005", "30006"), _NOBODY),
    "30003": Rest(failures=1, days=7),
    "30004": Rest(failures=2, days=None),
    **dict.fromkeys(("63003", "63024"), Rest(failures=2, days=90)),
}


def of(account: ChannelAccount | None) -> Capabilities:
    """For an account: its own rate, and media only where its sender can carry them."""
    sender = senders.of(account)
    media = account is None or senders.is_service(sender) or senders.carries_media(sender)
    return Capabilities(
        max_text_chars=MAX_TEXT_CHARS,
        max_caption_chars=MAX_TEXT_CHARS if media else 0,
        media=MEDIA if media else {},
        buttons="menu",
        # A menu is text: the limits are those of the content model, and of the text as a whole.
        button_limits=ButtonLimits(10, 100),
        list_limits=ListLimits(100, 100, 200),
        # As a link to a map, and as lines of text.
        location=True,
        contacts=True,
        receipts="delivered",
        two_way=not senders.is_letters(sender),
        segments=True,
        charged=True,
        # Twilio and the carriers let nothing through after a STOP.
        stop_ends="all",
        confirms_stop=True,
        rests=_RESTS,
        rate=senders.rate(account),
    )
