"""Graph's error envelope and the words that go with each code."""

from __future__ import annotations

import secrets

from starlette.requests import Request

from sandbox.shapes import Json, JsonResponse

HREF = "https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes"

# code: (HTTP status, title, details)
CODES: dict[int, tuple[int, str, str]] = {
    0: (401, "AuthException", "We were unable to authenticate the app user."),
    1: (400, "API Unknown", "Invalid request or possible server error."),
    2: (503, "API Service", "Temporary due to downtime or due to being overloaded."),
    3: (403, "API Method", "Capability or permissions issue."),
    4: (400, "API Too Many Calls", "The app has reached its API call rate limit."),
    10: (403, "API Permission Denied", "Permission is either not granted or has been removed."),
    33: (400, "Parameter value is not valid", "The business phone number has been deleted."),
    100: (400, "Invalid parameter", "The request included one or more unsupported or misspelled parameters."),
    190: (401, "Access token has expired", "Your access token has expired."),
    368: (
        403,
        "Temporarily blocked for policies violations",
        "The account has been restricted for violating a policy.",
    ),
    2200: (400, "Callback verification failed", "The callback URL could not be verified."),
    80007: (400, "Rate limit issues", "The WhatsApp Business Account has reached its rate limit."),
    130403: (403, "User blocked", "The business has blocked this user."),
    130429: (429, "Rate limit hit", "Cloud API message throughput has been reached."),
    130472: (400, "User's number is part of an experiment", "Message was not sent as part of an experiment."),
    130497: (403, "Business account is restricted from messaging users in this country.", "Restricted country."),
    131000: (500, "Something went wrong", "Message failed to send due to an unknown error."),
    131005: (403, "Access denied", "Permission is either not granted or has been removed."),
    131008: (400, "Required parameter is missing", "The request is missing a required parameter."),
    131009: (400, "Parameter value is not valid", "One or more parameter values are invalid."),
    131016: (500, "Service unavailable", "A service is temporarily unavailable."),
    131021: (400, "Recipient cannot be sender", "Sender and recipient phone number is the same."),
    131026: (400, "Message undeliverable", "Message Undeliverable."),
    131030: (400, "Recipient phone number not in allowed list", "Recipient phone number not in allowed list."),
    131031: (403, "Account has been locked", "The account has been locked."),
    131037: (400, "Display name approval needed", "The number needs display name approval before it can send."),
    131042: (400, "Business eligibility payment issue", "There is an issue related to the payment method."),
    131045: (500, "Incorrect certificate", "Message failed to send due to a phone number registration error."),
    131047: (
        400,
        "Re-engagement message",
        "Message failed to send because more than 24 hours have passed since the customer last replied to this number.",
    ),
    131048: (400, "Spam rate limit hit", "Message failed to send due to restrictions on messages from this number."),
    131049: (
        400,
        "This message was not delivered to maintain healthy ecosystem engagement.",
        "In order to maintain a healthy ecosystem engagement, the message failed to be delivered.",
    ),
    131050: (
        400,
        "Unable to deliver the message. This recipient has chosen to stop receiving marketing messages.",
        "The recipient has stopped marketing messages on WhatsApp from your business.",
    ),
    131051: (400, "Unsupported message type", "Message type is currently not supported."),
    131052: (400, "Media download error", "Failed to download the media from the sender."),
    131053: (400, "Media upload error", "Unable to upload the media used in the message."),
    131056: (
        400,
        "(Business Account, Consumer Account) pair rate limit hit",
        "Message failed to send because there were too many messages sent from this phone number to the same number.",
    ),
    131057: (500, "Account in maintenance mode", "Business Account is in maintenance mode."),
    131062: (400, "Recipient not supported", "Business-scoped user ids are not supported for this message."),
    132000: (400, "Template Param Count Mismatch", "The number of variable values does not match the template."),
    132001: (404, "Template name does not exist in the translation", "The template does not exist in this language."),
    132005: (400, "Template Hydrated Text Too Long", "Translated text is too long."),
    132007: (400, "Template Format Character Policy Violated", "Template content violates a WhatsApp policy."),
    132012: (400, "Template Parameter Format Mismatch", "Variable values are formatted incorrectly."),
    132015: (400, "Template is Paused", "Template is paused due to low quality so it cannot be sent."),
    132016: (400, "Template is Disabled", "Template has been paused too many times and is now disabled."),
    132018: (400, "Template parameter validation failed", "There is an issue with the template's parameters."),
    133004: (503, "Server Temporarily Unavailable", "Server is temporarily unavailable."),
    133010: (400, "Phone number Not Registered", "Phone number not registered on the WhatsApp Business Platform."),
    135000: (400, "Generic user error", "Message failed to send because of an unknown error with the parameters."),
    139000: (400, "Blocklist rate limit", "Block or unblock request failed."),
    139100: (400, "Failed to block/unblock some users", "Some users could not be blocked or unblocked."),
}


class GraphError(Exception):
    """A refusal, as Graph words it."""

    def __init__(self, code: int, details: str = "", message: str = "", *, subcode: int = 0, status: int = 0) -> None:
        known_status, title, known_details = CODES.get(code, (400, "Something went wrong", "Something went wrong."))
        super().__init__(code, details)
        self.code = code
        self.subcode = subcode
        self.status = status or known_status
        self.message = message or f"(#{code}) {title}"
        self.details = details or known_details

    def envelope(self) -> Json:
        """The body of the answer."""
        error: Json = {
            "message": self.message,
            "type": "OAuthException",
            "code": self.code,
            "error_data": {"messaging_product": "whatsapp", "details": self.details},
            "fbtrace_id": "A" + secrets.token_urlsafe(16),
        }
        if self.subcode:
            error["error_subcode"] = self.subcode
        if self.code == 2:
            error["is_transient"] = True
        return {"error": error}


def bad_parameter(message: str, details: str = "") -> GraphError:
    """Code 100, the answer to most mistakes."""
    return GraphError(100, details or message, f"(#100) {message}")


def missing(name: str) -> GraphError:
    """Code 100 for a parameter that must be there."""
    return bad_parameter(f"The parameter {name} is required.")


def bad_value(details: str) -> GraphError:
    """Code 131009 for a value that is out of range."""
    return GraphError(131009, details)


def status_error(code: int, details: str = "") -> Json:
    """The same error as one element of `statuses[].errors`."""
    _, title, known = CODES.get(code, (400, "Something went wrong", "Something went wrong."))
    return {
        "code": code,
        "title": title,
        "message": title,
        "error_data": {"details": details or known},
        "href": HREF,
    }


async def answer(request: Request, error: Exception) -> JsonResponse:
    """Starlette's handler for GraphError."""
    if not isinstance(error, GraphError):
        raise error
    headers = {"WWW-Authenticate": 'OAuth "Facebook Platform" "invalid_token"'} if error.status == 401 else None
    return JsonResponse(error.envelope(), status_code=error.status, headers=headers)
