"""
The doors of the translation services, and what the control API can do with them.

LibreTranslate wants a key only when the control API has set one; DeepL takes `sandbox-deepl-key`.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.faults import NoAnswer, world_of
from sandbox.shapes import Json, JsonResponse, control_object, load_object, object_of, text_of
from sandbox.translating.dictionary import NAMES, detected, translated
from sandbox.translating.settings import DEEPL_KEY


async def control(request: Request) -> JsonResponse:
    """
    GET: how often each was called, and what is set. PUT {key?, fail?: {status?, count, body?, silent?}}: LibreTranslate
    wants that key; the next `count` calls of either get that status or that body, or no answer.
    """
    found = world_of(request).translating
    if request.method == "PUT":
        given = await control_object(request)
        found.key = text_of(given, "key", found.key)
        if "fail" in given:
            found.fail = dict(object_of(given, "fail"))
    return JsonResponse(found.to_json())


async def languages(request: Request) -> Response:
    """GET /languages; to anybody."""
    targets = list(NAMES)
    return _trouble(request, "languages") or JsonResponse(
        [{"code": code, "name": name, "targets": targets} for code, name in NAMES.items()]
    )


async def translate(request: Request) -> Response:
    """POST /translate {q, source, target, format, api_key}"""
    asked = load_object(await request.body()) or {}
    if (refused := _trouble(request, "translate") or _locked(request, asked)) is not None:
        return refused
    text, source, into = asked.get("q"), asked.get("source"), asked.get("target")
    if not isinstance(text, str) or not source or not into:
        return _said(400, "Invalid request: missing q, source or target parameter")
    if into not in NAMES or source not in (*NAMES, "auto"):
        return _said(400, f"{into} is not supported")
    spoken = detected(text) if source == "auto" else str(source)
    answer: Json = {"translatedText": translated(text, spoken, str(into))}
    if source == "auto":
        answer["detectedLanguage"] = {"confidence": 90.0, "language": spoken}
    return JsonResponse(answer)


async def detect(request: Request) -> Response:
    """POST /detect {q, api_key}"""
    asked = load_object(await request.body()) or {}
    if (refused := _trouble(request, "detect") or _locked(request, asked)) is not None:
        return refused
    return JsonResponse([{"confidence": 90.0, "language": detected(str(asked.get("q") or ""))}])


async def deepl_languages(request: Request) -> Response:
    """GET /v2/languages"""
    if (refused := _trouble(request, "languages") or _deepl_locked(request)) is not None:
        return refused
    return JsonResponse(
        [{"language": code.upper(), "name": NAMES[code], "supports_formality": True} for code in NAMES if code != "en"]
        + [{"language": "EN-GB", "name": "English (British)", "supports_formality": False}]
    )


async def deepl_translate(request: Request) -> Response:
    """POST /v2/translate {text: […], target_lang}"""
    if (refused := _trouble(request, "translate") or _deepl_locked(request)) is not None:
        return refused
    asked = load_object(await request.body()) or {}
    texts, into = asked.get("text"), str(asked.get("target_lang") or "").partition("-")[0].lower()
    if not isinstance(texts, list) or into not in NAMES:
        return JsonResponse({"message": "Value for 'target_lang' not supported."}, 400)
    return JsonResponse(
        {
            "translations": [
                {
                    "detected_source_language": detected(str(text)).upper(),
                    "text": translated(str(text), detected(str(text)), into),
                }
                for text in texts
            ]
        }
    )


def _trouble(request: Request, call: str) -> Response | None:
    """Counts the call; what the control API has asked for, if anything is left of it."""
    found = world_of(request).translating
    found.calls[call] += 1
    if found.fail.get("count", 0) <= 0:
        return None
    found.fail["count"] -= 1
    if found.fail.get("silent"):
        return NoAnswer("hang")
    status = int(found.fail.get("status", 200))
    if "body" in found.fail:
        return Response(str(found.fail["body"]), status, media_type="text/html")
    return _said(status, "as the sandbox was told")


def _locked(request: Request, asked: Json) -> Response | None:
    wanted, given = world_of(request).translating.key, asked.get("api_key")
    if not wanted or given == wanted:
        return None
    return (
        _said(403, "Invalid API key") if given else _said(400, "Please contact the server operator to get an API key")
    )


def _deepl_locked(request: Request) -> Response | None:
    if request.headers.get("authorization") == f"DeepL-Auth-Key {DEEPL_KEY}":
        return None
    return Response("", 403)


def _said(status: int, words: str) -> JsonResponse:
    return JsonResponse({"error": words}, status)


LIBRETRANSLATE: list[BaseRoute] = [
    Route("/languages", languages, methods=["GET"]),
    Route("/translate", translate, methods=["POST"]),
    Route("/detect", detect, methods=["POST"]),
]
DEEPL: list[BaseRoute] = [
    Route("/v2/languages", deepl_languages, methods=["GET"]),
    Route("/v2/translate", deepl_translate, methods=["POST"]),
]
