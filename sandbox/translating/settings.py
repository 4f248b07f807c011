"""What can be set of the translation services, and how often they were asked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from sandbox.shapes import Json

DEEPL_KEY = "sandbox-deepl-key"


@dataclass(slots=True)
class Services:
    """`key` is what LibreTranslate wants, if anything; `fail` is what either answers for the next `count` calls."""

    key: str = ""
    fail: Json = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)

    def to_json(self) -> Json:
        return {"key": self.key, "fail": self.fail, "calls": dict(self.calls)}
