"""Structured logs: an event name and fields, one JSON line each, with secrets and personal data struck out."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

Logger = structlog.typing.FilteringBoundLogger

_SECRET_NAME = re.compile(
    r"token|secret|password|authorization|api_?key|cookie|signature|credential|^key$"
    r"|^text$|^body$|^phone|^address$|^email$",
    re.IGNORECASE,
)
# Telegram has the bot's token in the path, Meta in `access_token=`, we in none: whoever logs a URL must not leak it.
_SECRET_VALUE = re.compile(
    r"bot\d{3,}:[A-Za-z0-9_-]{10,}|EAA[A-Za-z0-9]{10,}|(?<=Bearer )\S+|(?<=access_token=)[^&\s]+"
    r"|://[^/\s:@]+:[^/\s@]+@|\bpat_[A-Za-z0-9_-]{16,}|\bvt_[A-Za-z0-9_-]{16,}"
)
STRUCK = "[redacted]"


def redact(value: Any) -> Any:
    """The value with everything that looks like a credential struck out; containers are copied."""
    if isinstance(value, str):
        return _SECRET_VALUE.sub(STRUCK, value)
    if isinstance(value, dict):
        return {k: STRUCK if _SECRET_NAME.search(str(k)) else redact(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [redact(v) for v in value]
    return value


def _redact_event(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {k: (STRUCK if k != "event" and _SECRET_NAME.search(k) else redact(v)) for k, v in event.items()}


class _RedactingFilter(logging.Filter):
    """For the libraries that log through the standard module: httpx writes whole URLs, tokens included."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = redact(record.getMessage())
        record.args = None
        return True


def configure(*, level: str = "INFO", json: bool = True, stream: TextIO | None = None) -> None:
    """Once per process, before the first log line."""
    renderer: Any = structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _redact_event,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(stream or sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.addFilter(_RedactingFilter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)


def get(name: str) -> Logger:
    logger: Logger = structlog.get_logger(component=name)
    return logger
