"""
What a test or a curious person can turn: delays, duplicates, disorder, errors, outages. Global, per channel, per
customer.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from sandbox.shapes import ControlError, Json

CHANNELS = ("whatsapp", "sms", "telegram")
# WhatsApp accepts these at first and reports them by a failed status, as the real one mostly does.
_LATE_CODES = (130472, 130497, 131026, 131037, 131048, 131049, 131050, 131053)


@dataclass(frozen=True, slots=True)
class Knobs:
    """One complete setting. The README's table explains each."""

    send_latency_ms: float = 0
    status_delay_ms: dict[str, float] = field(default_factory=lambda: {"sent": 150, "delivered": 500, "read": 900})
    read: str = "on_open"
    skip_delivered: bool = False
    duplicate_rate: float = 0
    reorder_rate: float = 0
    reorder_ms: float = 400
    error_rate: float = 0
    error_code: int = 0
    fail_next: dict[str, int] = field(default_factory=dict)
    throttle: bool = False
    timeout_after_accept_rate: float = 0
    timeout_mode: str = "drop"
    outage: bool = False
    limits: bool = True
    webhook_retries: bool = True
    retry_base_ms: float = 1_000
    retry_max_ms: float = 60_000
    webhook_timeout_ms: float = 15_000
    status_batch_ms: float = 0
    status_batch_max: int = 100
    hold_templates: bool = False
    template_review_ms: float = 1_500
    template_reject: str = ""
    late_codes: list[int] = field(default_factory=lambda: list(_LATE_CODES))
    pair_burst: float = 45
    pair_per_second: float = 1 / 6
    telegram_per_second: float = 30
    telegram_chat_per_second: float = 1
    telegram_chat_burst: float = 5


_CHOICES = {"read": ("auto", "never", "on_open"), "timeout_mode": ("drop", "hang")}
_RATES = ("duplicate_rate", "reorder_rate", "error_rate", "timeout_after_accept_rate")
_NAMES = {f.name: f for f in fields(Knobs)}


class KnobBoard:
    """The settings in force, as layers: defaults, then global, then channel, then customer."""

    def __init__(self) -> None:
        self._global: Json = {}
        self._channels: dict[str, Json] = {}
        self._customers: dict[str, Json] = {}
        self._cache: dict[tuple[str, str], Knobs] = {}

    def of(self, channel: str, customer: str = "") -> Knobs:
        """What holds for one customer on one channel."""
        key = (channel, customer if customer in self._customers else "")
        found = self._cache.get(key)
        if found is None:
            layers = {**self._global, **self._channels.get(channel, {}), **self._customers.get(key[1], {})}
            delays = {**Knobs().status_delay_ms, **layers.pop("status_delay_ms", {})}
            found = self._cache[key] = replace(Knobs(), **layers, status_delay_ms=delays)
        return found

    def change(self, data: Json) -> None:
        """
        Merge `{global: {…}, channels: {whatsapp: {…}}, customers: {id: {…}}}`; names at the top level count as
        global, null resets.
        """
        scopes = {"global", "channels", "customers"}
        self._merge(self._global, {key: value for key, value in data.items() if key not in scopes})
        self._merge(self._global, _object(data.get("global"), "global"))
        for channel, changes in _object(data.get("channels"), "channels").items():
            if channel not in CHANNELS:
                raise ControlError(f"no such channel: {channel}")
            if changes is None:
                self._channels.pop(channel, None)
                continue
            self._merge(self._channels.setdefault(channel, {}), _object(changes, channel))
        for customer, changes in _object(data.get("customers"), "customers").items():
            if changes is None:
                self._customers.pop(customer, None)
                continue
            self._merge(self._customers.setdefault(customer, {}), _object(changes, customer))
        self._cache.clear()

    def take_failure(self, channel: str, customer: str) -> int:
        """The code of a pending `fail_next` of the narrowest scope, used up by one; 0 when there is none."""
        for layer in (self._customers.get(customer), self._channels.get(channel), self._global):
            pending = layer.get("fail_next") if layer else None
            if layer is not None and pending and pending["count"] > 0:
                layer["fail_next"] = {**pending, "count": pending["count"] - 1}
                self._cache.clear()
                return int(pending["code"])
        return 0

    def to_json(self) -> Json:
        """The defaults and the layers above them."""
        return {
            "defaults": asdict(Knobs()),
            "global": self._global,
            "channels": self._channels,
            "customers": self._customers,
        }

    def clear(self) -> None:
        """Back to the defaults."""
        self._global, self._channels, self._customers = {}, {}, {}
        self._cache.clear()

    def _merge(self, layer: Json, changes: Json) -> None:
        for name, value in changes.items():
            if name not in _NAMES:
                raise ControlError(f"no such knob: {name}")
            if value is None:
                layer.pop(name, None)
            elif name == "status_delay_ms":
                layer[name] = {**layer.get(name, {}), **_delays(value)}
            else:
                layer[name] = _checked(name, value)


def _object(value: Any, name: str) -> Json:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ControlError(f"{name} must be an object")
    return value


def _delays(value: Any) -> Json:
    given = _object(value, "status_delay_ms")
    for name, delay in given.items():
        if name not in ("sent", "delivered", "read") or not isinstance(delay, int | float) or delay < 0:
            raise ControlError("status_delay_ms: milliseconds for sent, delivered, read")
    return given


def _checked(name: str, value: Any) -> Any:
    """The value if it fits the knob, else ControlError."""
    if name in _CHOICES:
        if value not in _CHOICES[name]:
            raise ControlError(f"{name} must be one of {', '.join(_CHOICES[name])}")
        return value
    if name == "fail_next":
        code, count = (value.get("code"), value.get("count", 1)) if isinstance(value, dict) else (None, None)
        if not isinstance(code, int) or not isinstance(count, int):
            raise ControlError("fail_next must be {code, count}")
        return {"code": code, "count": count}
    if name == "late_codes":
        if not isinstance(value, list) or not all(isinstance(item, int) for item in value):
            raise ControlError("late_codes must be a list of codes")
        return value
    if name == "template_reject":
        if not isinstance(value, str):
            raise ControlError("template_reject must be a reason or empty")
        return value
    if isinstance(getattr(Knobs(), name), bool):
        if not isinstance(value, bool):
            raise ControlError(f"{name} must be true or false")
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ControlError(f"{name} must be a number that is not negative")
    if name in _RATES and value > 1:
        raise ControlError(f"{name} is a share between 0 and 1")
    return value
