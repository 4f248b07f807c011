"""Why somebody does not get a broadcast: a stable code, a label for lists, and what can be done about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Reason:
    """`fix` says how more people could be reached; `fix_url` is the page on which that is done."""

    label: str
    fix: str
    fix_url: str | None = None


_CHANNELS: Final = "/settings/channels"
# In the order of the waterfall: each person is counted at the first that holds.
REASONS: Final[Mapping[str, Reason]] = {
    "erased": Reason("No longer a contact", "Nothing: they were erased."),
    "merged": Reason("Merged into another contact", "Nothing: the contact they are a part of is asked for itself."),
    "contact_blocked": Reason("Blocked by a colleague", "Unblock them, if that was long ago.", "/settings/blocked"),
    "excluded": Reason("Excluded", "Look at the exclusions of this broadcast."),
    "no_address": Reason("No handle on this channel", "Add a fallback on another channel, or ask them for one."),
    "no_wording": Reason("No words in their language", "Add a wording for everybody else."),
    "missing_variable": Reason(
        "A value is missing", "Fill it in for these people, or give the variable a default in the text."
    ),
    "too_long": Reason("The text is too long for one message", "Shorten it, or the values in it."),
    "sender_refused": Reason(
        "Their country takes no such sender", "Send to these people from a number, by another broadcast.", _CHANNELS
    ),
    "sender_unregistered": Reason(
        "The sender is not registered there", "Register it, and say so with the account.", _CHANNELS
    ),
    "text_unregistered": Reason(
        "The text is not registered there", "Register it (DLT), and add it to the account's templates.", _CHANNELS
    ),
    "marketing_stopped": Reason("All marketing is stopped", "Let marketing go on again.", "/settings/pacing"),
    "unknown_address": Reason("Never heard of", "Nothing: nobody knows this handle."),
    "blocked": Reason("Has blocked us", "Nothing: only they can undo that."),
    "opted_out": Reason("Has asked us to stop", "Nothing: only they can lift that."),
    "held": Reason("May have asked us to stop", "Settle what they meant.", "/inbox"),
    "paused": Reason("Wants no offers for a while", "Nothing: their pause ends by itself."),
    "topic_declined": Reason(
        "Wants nothing about this topic", "Nothing: they chose so. Name another topic if it is about something else."
    ),
    "consent_expired": Reason("Consent has run out", "Ask them again whether they want to hear from us."),
    "consent_unconfirmed": Reason("Has not confirmed yet", "Wait for their confirmation, or ask them once more."),
    "no_consent": Reason("Has not agreed to marketing", "Ask them with a form or a keyword, with evidence."),
    "unverified": Reason("May be somebody else by now", "Make sure who it is, in their conversation.", "/inbox"),
    "suppressed": Reason("On the suppression list", "Take them off, if the reason is over.", "/settings/pacing"),
    "stage_suppressed": Reason("Their stage gets no marketing", "Change the stages left out.", "/settings/pacing"),
    "control_group": Reason("In the global control group", "Nothing: the effect is measured against them."),
    "open_ticket": Reason("Has an open ticket", "Solve it first, then they are reached again.", "/tickets"),
    "frequency_cap": Reason("Has had enough messages lately", "Send it later, or change the caps.", "/settings/pacing"),
    "outranked": Reason(
        "Another one is worth more",
        "Raise its priority, send it later, or change the caps.",
        "/settings/pacing",
    ),
    "too_late": Reason("No hour in time at which they may be reached", "Change the quiet hours.", "/settings/pacing"),
    "holdout": Reason("Held out to measure the effect", "Make the holdout group smaller."),
    "late": Reason("Joined the audience later", "Send them one of their own."),
    # Found out when it was their turn.
    "missing_values": Reason("A value was missing when it was their turn", "Fill it in, or give it a default."),
    "invalid_values": Reason("The text cannot be worked out with their values", "Put the value or the text right."),
    "account_disabled": Reason("The sender was switched off", "Switch it on again.", _CHANNELS),
    "reply_window_closed": Reason("Has not written lately", "Send an approved template instead."),
    "resting": Reason(
        "Not to be reached at this handle lately",
        "Ask them for another one, or add a fallback; whoever writes to you is reached again.",
    ),
    "unreachable": Reason("Not to be reached at this handle", "Ask them for another one, or add a fallback."),
    "recipient_capped": Reason("Has had enough advertising from all businesses", "Send it to them in some days."),
    "account_refused": Reason("The provider refuses the sender", "Look at the account's health.", _CHANNELS),
    "template_refused": Reason("The provider refuses the template", "Look at why, and change it.", "/templates"),
    "not_delivered": Reason("Taken by the provider and not delivered", "Send it to them again, or add a fallback."),
    "values_refused": Reason("The template does not take their values", "Look at what stands in its places for them."),
    "filtered": Reason("The provider lets no such message through", "Look at why, and change its words or links."),
    "message_refused": Reason("The provider refuses the message", "Put right what its words say."),
    "sender_restricted": Reason("The provider holds the sender back", "Look at the account's health.", _CHANNELS),
    "throttled": Reason("Too fast for the provider, again and again", "Send it slower, or later."),
    "not_sent": Reason("The provider could not be reached", "Send it to them again when it can be."),
    "interrupted": Reason("Nobody knows whether it arrived", "Ask them; a machine does not send it twice."),
    "outcome_unknown": Reason("Nobody knows whether it arrived", "Ask them; a machine does not send it twice."),
    "send_failed": Reason("The provider could not deliver it", "Look at the message, or add a fallback."),
}
_NOTHING: Final = "Nothing: "


# What providers say most, by their own codes; how each is answered is the channel's to know.
_PROVIDERS: Final[Mapping[str, str]] = {
    "131026": "Not on WhatsApp, or cannot get this there",
    "131047": "Has not written lately",
    "131049": "Has had enough advertising on WhatsApp",
    "131053": "The file of the message could not be used",
    "131050": "Has stopped our advertising on WhatsApp",
    "131056": "Was written to too often in a short time",
    "130472": "In an experiment of WhatsApp",
    "21211": "Not a number",
    "21610": "Has asked the carrier to stop us",
    "21614": "Not a mobile number",
    "30003": "Phone switched off or out of reach",
    "30004": "Blocked by the carrier or the phone",
    "30005": "Number not in use",
    "30006": "A landline, or a carrier that cannot be reached",
    "30007": "Filtered by the carrier",
}


def sentence(begin: str, code: str, words: str = "") -> str:
    """`begin`, then why (in the `words` that are known of this person, else by the code), then what can be done."""
    reason = of(code)
    label = reason.label[:1].lower() + reason.label[1:]
    said = words.strip() or label
    cause = said if said[-1] in ".!?" else f"{said}."
    if reason.fix.startswith(_NOTHING):
        return f"{begin}: {cause} Nothing can be done: {reason.fix.removeprefix(_NOTHING)}"
    return f"{begin}: {cause} To reach them: {reason.fix[:1].lower()}{reason.fix[1:]}"


def of(code: str) -> Reason:
    """Also of a code that a channel brought along; a provider's own one is told, too: people look it up."""
    if code in _PROVIDERS:
        return Reason(f"{_PROVIDERS[code]} ({code})", "Look at the message of one of them, or add a fallback.")
    return REASONS.get(code) or Reason(code.replace("_", " ").capitalize(), "Look at the message of one of them.")
