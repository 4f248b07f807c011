"""
LibreTranslate, self-hosted or hosted. Source: https://docs.libretranslate.com (API usage).

The key travels in the body; a server of one's own may want none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from inbox.translating import services
from inbox.translating.services import Door, Kind, Language, Translated


@dataclass(frozen=True, slots=True)
class LibreTranslate:
    kind: ClassVar[Kind] = "libretranslate"
    door: Door
    key: str = field(repr=False)

    async def languages(self) -> Sequence[Language]:
        answer = await self.door.ask("GET", "/languages")
        if not isinstance(answer, list) or not all(isinstance(each, dict) for each in answer):
            raise self.door.nonsense()
        return services.listed([(each.get("code"), each.get("name")) for each in answer])

    async def translate(self, text: str, into: str) -> Translated:
        asked = {"q": text, "source": "auto", "target": _theirs(into), "format": "text"}
        answer = await self._post("/translate", asked)
        said = answer.get("translatedText") if isinstance(answer, dict) else None
        if not isinstance(said, str):
            raise self.door.nonsense()
        detected = answer.get("detectedLanguage")
        source = detected.get("language") if isinstance(detected, dict) else None
        return Translated(said, services.small(source) if isinstance(source, str) else None)

    async def detect(self, text: str) -> str | None:
        answer = await self._post("/detect", {"q": text})
        if not isinstance(answer, list):
            raise self.door.nonsense()
        best = next((each.get("language") for each in answer if isinstance(each, dict)), None)
        return services.small(best) if isinstance(best, str) else None

    async def _post(self, path: str, asked: dict[str, str]) -> Any:
        return await self.door.ask("POST", path, json=asked | ({"api_key": self.key} if self.key else {}))


def _theirs(code: str) -> str:
    """`pt-br` as they write it, `pt-BR`; `zh-hans` as `zh-Hans`."""
    language, _, rest = code.partition("-")
    return f"{language}-{rest.title() if len(rest) == 4 else rest.upper()}" if rest else language
