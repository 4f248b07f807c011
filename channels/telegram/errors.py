"""
Telegram's refusals, as our errors. The wording is Telegram's own but no contract, so it is matched by how it begins,
whatever its case; a 400 that is not in the table fails this one message and judges nobody.

Source: https://github.com/tdlib/telegram-bot-api (Client.cpp) and https://core.telegram.org/bots/api#making-requests
"""

from collections.abc import Callable
from dataclasses import dataclass

import orjson

from app.core import http
from channels.errors import (
    AccountError,
    AccountRefused,
    MessageRefused,
    NotSent,
    OutcomeUnknown,
    RecipientUnreachable,
    ReplyWindowClosed,
    SendError,
    Throttled,
)
from channels.telegram.fields import inner, mapping, text, whole


@dataclass(frozen=True, slots=True)
class Rule:
    """An answer with this status whose description begins so (after `Bad Request: ` and the like) is that error."""

    status: int
    begins: str
    error: Callable[..., SendError]


def _blocked(message: str, *, provider_code: str) -> SendError:
    return RecipientUnreachable(message, provider_code=provider_code, blocked=True)


# The first that fits; an empty beginning fits all of its status.
RULES = (
    Rule(403, "bot was blocked by the user", _blocked),
    # Deactivated, never started, kicked from a group: nobody there, but nobody who told us to stop either.
    Rule(403, "", RecipientUnreachable),
    Rule(400, "chat not found", RecipientUnreachable),
    Rule(400, "user not found", RecipientUnreachable),
    Rule(400, "peer_id_invalid", RecipientUnreachable),
    Rule(400, "group chat was upgraded to a supergroup chat", RecipientUnreachable),
    # The business account's owner took the bot away: that chat is lost, the bot's own chats are not.
    Rule(400, "business_connection_invalid", RecipientUnreachable),
    Rule(400, "business connection not found", RecipientUnreachable),
    # For a business account the bot may only answer chats that were active in the last 24 hours.
    Rule(400, "business_peer_usage_missing", ReplyWindowClosed),
    # Too long, a bad file, button data, a URL that is none, a reaction that is not offered: this message is at fault.
    Rule(400, "", MessageRefused),
    Rule(413, "", MessageRefused),
    Rule(401, "", AccountRefused),
    # Telegram answers a malformed token like an address that does not exist.
    Rule(404, "", AccountRefused),
    Rule(409, "", AccountRefused),
    # A gateway that gave up waiting had passed the message on: it may be delivered.
    Rule(504, "", OutcomeUnknown),
)

_PREFIXES = ("bad request: ", "forbidden: ", "unauthorized: ", "conflict: ", "[error]: ", "error: ")


def refusal(status: int, body: bytes) -> SendError:
    """What an answer other than 2xx means. `provider_code` is the status, the message Telegram's description."""
    try:
        answer = mapping(orjson.loads(body))
    except ValueError:
        answer = {}
    words = text(answer, "description") or f"Telegram answered with status {status}."
    if status == 429:
        return _throttled(words, whole(inner(answer, "parameters"), "retry_after"))
    begins = _bare(words)
    for rule in RULES:
        if rule.status == status and begins.startswith(rule.begins):
            return rule.error(words, provider_code=str(status))
    # Telegram's own 5xx come before anything is sent; what is left is a proxy's answer and not Telegram's.
    return NotSent(words, provider_code=str(status))


def _throttled(words: str, seconds: int | None) -> SendError:
    # The usual text names nobody, and then the whole bot must wait; one that names the chat holds up only that chat.
    scope = "pair" if "chat" in words.lower() else "sender"
    return Throttled(words, provider_code="429", retry_after_seconds=seconds, scope=scope)  # type: ignore[arg-type]


def _bare(description: str) -> str:
    begins = description.lower()
    for prefix in _PREFIXES:
        begins = begins.removeprefix(prefix)
    return begins


def lost(error: Exception) -> SendError:
    """
    What a failed exchange means. Only a connection that was never made is sure not to have carried the message.
    The exception's own text stays out, because it may hold the URL and so the token.
    """
    if http.never_connected(error):
        return NotSent("Telegram could not be reached.", provider_code=type(error).__name__)
    return OutcomeUnknown(
        "The connection to Telegram broke before it answered; the message may have been delivered.",
        provider_code=type(error).__name__,
    )


def unreadable() -> SendError:
    """A 2xx answer that is not the Bot API's: something was accepted, by somebody."""
    return OutcomeUnknown("Telegram's answer could not be read; the message may have been delivered.")


def account_error(error: SendError, *, doing: str) -> AccountError:
    """The same refusal, for the person who sets up the account; `doing` completes 'Telegram could not be …'."""
    if isinstance(error, AccountRefused) and error.provider_code in ("401", "404"):
        return AccountError(
            "Telegram does not know this bot token. Copy it again from @BotFather, the whole line.", field="bot_token"
        )
    if isinstance(error, AccountRefused):
        return AccountError(f"Something else is receiving this bot's messages: {error.message}", field="delivery")
    if isinstance(error, NotSent | OutcomeUnknown | Throttled):
        return AccountError(f"Telegram could not be {doing}: {error.message} Try again in a minute.")
    if "webhook" in error.message.lower():
        return AccountError(
            f"Telegram does not take this server's address: {error.message}. It needs https on port 443, 80, 88 or "
            "8443 and a name that the internet knows; choose 'Polling' where there is none.",
            field="delivery",
        )
    return AccountError(f"Telegram refused: {error.message}")
