"""DeepL. Source: https://developers.deepl.com/docs (translate, languages). Keys of the free plan end in `:fx`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from inbox.translating import services
from inbox.translating.services import Door, Kind, Language, Translated

# It detects only while it translates: this much is enough to tell.
_DETECTED_CHARS = 200


@dataclass(frozen=True, slots=True)
class DeepL:
    kind: ClassVar[Kind] = "deepl"
    door: Door
    key: str = field(repr=False)

    @staticmethod
    def base_of(key: str) -> str:
        return "https://api-free.deepl.com" if key.endswith(":fx") else "https://api.deepl.com"

    async def languages(self) -> Sequence[Language]:
        answer = await self._ask("GET", "/v2/languages", params={"type": "target"})
        if not isinstance(answer, list) or not all(isinstance(each, dict) for each in answer):
            raise self.door.nonsense()
        return services.listed([(each.get("language"), each.get("name")) for each in answer])

    async def translate(self, text: str, into: str) -> Translated:
        asked = {"text": [text], "target_lang": into.upper()}
        answer = await self._ask("POST", "/v2/translate", json=asked)
        found = answer.get("translations") if isinstance(answer, dict) else None
        first = found[0] if isinstance(found, list) and found and isinstance(found[0], dict) else {}
        said, source = first.get("text"), first.get("detected_source_language")
        if not isinstance(said, str):
            raise self.door.nonsense()
        return Translated(said, services.small(source) if isinstance(source, str) else None)

    async def detect(self, text: str) -> str | None:
        return (await self.translate(text[:_DETECTED_CHARS], "en-gb")).source

    async def _ask(self, method: str, path: str, **options: Any) -> Any:
        return await self.door.ask(method, path, headers={"Authorization": f"DeepL-Auth-Key {self.key}"}, **options)
