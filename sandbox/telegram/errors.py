"""Telegram's error envelope."""

from __future__ import annotations

from starlette.requests import Request

from sandbox.shapes import Json, JsonResponse

_PREFIX = {400: "Bad Request", 403: "Forbidden", 404: "Not Found", 409: "Conflict", 413: "Request Entity Too Large"}


class TelegramError(Exception):
    """A refusal, as the Bot API words it."""

    def __init__(self, code: int, description: str, parameters: Json | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


def bad(description: str) -> TelegramError:
    """400 with the prefix every such answer has."""
    return TelegramError(400, f"Bad Request: {description}")


def forbidden(description: str) -> TelegramError:
    """403 with its prefix."""
    return TelegramError(403, f"Forbidden: {description}")


def too_many(retry_after: int) -> TelegramError:
    """429, which says exactly how long to wait."""
    return TelegramError(429, f"Too Many Requests: retry after {retry_after}", {"retry_after": retry_after})


def of_code(code: int) -> TelegramError:
    """An error that the knobs ask for."""
    if code == 429:
        return too_many(3)
    words = {401: "Unauthorized", 404: "Not Found", 500: "Internal Server Error", 502: "Bad Gateway"}
    if code == 403:
        return forbidden("bot was blocked by the user")
    if code == 400:
        return bad("chat not found")
    return TelegramError(code, words.get(code, _PREFIX.get(code, "Internal Server Error")))


async def answer(request: Request, error: Exception) -> JsonResponse:
    """Starlette's handler for TelegramError."""
    if not isinstance(error, TelegramError):
        raise error
    body: Json = {"ok": False, "error_code": error.code, "description": error.description}
    headers: dict[str, str] = {}
    if error.parameters:
        body["parameters"] = error.parameters
        if "retry_after" in error.parameters:
            headers["retry-after"] = str(error.parameters["retry_after"])
    return JsonResponse(body, status_code=error.code, headers=headers)
