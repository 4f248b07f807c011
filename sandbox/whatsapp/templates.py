"""Message templates: create, list, edit, delete, review, and the rules for new ones."""

from __future__ import annotations

import asyncio

from starlette.requests import Request

from sandbox.faults import pause, world_of
from sandbox.shapes import Json, JsonResponse, load_object
from sandbox.whatsapp import hooks, template_rules
from sandbox.whatsapp.auth import authorised_waba, number_of_waba
from sandbox.whatsapp.errors import GraphError, bad_parameter, missing
from sandbox.whatsapp.template_seeds import SEEDS
from sandbox.world import World

KIND = "whatsapp_template"
_FIELDS = ("name", "parameter_format", "components", "language", "status", "category", "id")
# Approved templates may be changed once a day, and a deleted name is blocked for a month.
_EDIT_SECONDS = 86_400
_BLOCKED_SECONDS = 30 * 86_400


def all_of(world: World, waba_id: str) -> dict[str, Json]:
    """The templates of a business account by `name:language`; the seeds are made on first use."""
    if world.fact("whatsapp_seeded", waba_id) is None:
        world.put_fact("whatsapp_seeded", waba_id, {})
        for seed in SEEDS:
            _store(world, waba_id, {"status": "APPROVED", "parameter_format": "POSITIONAL", **seed})
    return {
        key.partition(":")[2]: found
        for key, found in world.facts.get(KIND, {}).items()
        if key.startswith(f"{waba_id}:")
    }


def find(world: World, waba_id: str, name: str, language: str) -> Json | None:
    """One template."""
    if world.fact("whatsapp_seeded", waba_id) is None:
        all_of(world, waba_id)
    return world.fact(KIND, f"{waba_id}:{name}:{language}")


def _store(world: World, waba_id: str, data: Json) -> Json:
    template = {"id": str(world.next_number("template", 600_000_000_000_001)), "rejected_reason": "NONE", **data}
    world.put_fact(KIND, f"{waba_id}:{template['name']}:{template['language']}", template)
    return template


def set_status(world: World, waba_id: str, template: Json, status: str, reason: str = "NONE") -> None:
    """Change the status and tell the business by webhook."""
    template = {**template, "status": status, "rejected_reason": reason}
    world.put_fact(KIND, f"{waba_id}:{template['name']}:{template['language']}", template)
    value: Json = {"event": status, "message_template_category": template["category"], "reason": reason}
    if status == "PAUSED":
        value["other_info"] = {"title": "FIRST_PAUSE", "description": "Paused for 3 hours because of low quality."}
    if status == "REJECTED":
        value["rejection_info"] = {
            "reason": "The sample values do not fit the text.",
            "recommendation": "Give an example for each variable that a customer could really get.",
        }
    _tell(world, waba_id, template, "message_template_status_update", value)


def set_quality(world: World, waba_id: str, template: Json, score: str) -> None:
    """Change the quality score and tell the business by webhook."""
    before = template.get("quality", "UNKNOWN")
    template = {**template, "quality": score}
    world.put_fact(KIND, f"{waba_id}:{template['name']}:{template['language']}", template)
    value = {"previous_quality_score": before, "new_quality_score": score}
    _tell(world, waba_id, template, "message_template_quality_update", value)


def set_category(world: World, waba_id: str, template: Json, category: str) -> None:
    """Move it to another category and tell the business by webhook."""
    before = template["category"]
    template = {**template, "category": category}
    world.put_fact(KIND, f"{waba_id}:{template['name']}:{template['language']}", template)
    value = {"previous_category": before, "new_category": category}
    _tell(world, waba_id, template, "template_category_update", value)


def _tell(world: World, waba_id: str, template: Json, field: str, value: Json) -> None:
    number = number_of_waba(world, waba_id)
    if number is None:
        return
    about = {
        "message_template_id": int(template["id"]),
        "message_template_name": template["name"],
        "message_template_language": template["language"],
    }
    entry = {
        "id": waba_id,
        "time": int(world.clock.now()),
        "changes": [{"field": field, "value": {**value, **about}}],
    }
    hooks.post(world, number, hooks.envelope([entry]), customer="templates")


# --- routes ---


async def collection(request: Request) -> JsonResponse:
    """GET, POST, DELETE /{version}/{waba_id}/message_templates"""
    world = world_of(request)
    waba_id = authorised_waba(world, request)
    if request.method == "GET":
        return _list(request, waba_id)
    if request.method == "DELETE":
        return _delete(request, waba_id)
    data = load_object(await request.body())
    if data is None:
        raise bad_parameter("Invalid parameter", "The body is not a JSON object.")
    template_rules.check(world, data)
    blocked = world.fact("whatsapp_deleted_template", f"{waba_id}:{data['name']}") or {}
    if blocked.get("until", 0) > world.clock.now():
        raise GraphError(
            100,
            "New content can't be added while the existing content of this name is being deleted. Try again in 4 weeks "
            "or choose another name.",
            "Invalid parameter",
            subcode=2388023,
        )
    if find(world, waba_id, data["name"], data["language"]) is not None:
        raise GraphError(
            100,
            "There is already content in this language for this template.",
            "Invalid parameter",
            subcode=2388024,
        )
    template = _store(
        world,
        waba_id,
        {
            "name": data["name"],
            "language": data["language"],
            "category": data["category"],
            "parameter_format": data.get("parameter_format", "POSITIONAL"),
            "components": data["components"],
            "status": "PENDING",
        },
    )
    _review_later(world, waba_id, template)
    await pause(world.knobs.of("whatsapp"))
    return JsonResponse({"id": template["id"], "status": "PENDING", "category": template["category"]})


async def one(request: Request, world: World, template_id: str) -> JsonResponse:
    """GET and POST /{version}/{template_id}: look at one, edit one."""
    waba_id, template = by_id(world, template_id)
    authorised_waba(world, request, waba_id)
    if request.method == "GET":
        return JsonResponse(_shown(template, request.query_params.get("fields", "")))
    if template["status"] not in ("APPROVED", "REJECTED", "PAUSED"):
        raise GraphError(
            100, "Only approved, rejected or paused templates can be edited.", "Invalid parameter", subcode=2388039
        )
    now = world.clock.now()
    if template["status"] == "APPROVED" and template.get("edited_at", 0) + world.clock.window(_EDIT_SECONDS) > now:
        raise GraphError(
            100, "An approved template can be edited once in 24 hours.", "Invalid parameter", subcode=2593057
        )
    data = load_object(await request.body()) or {}
    changed: Json = {**template, "status": "PENDING", "edited_at": now}
    changed.update({key: data[key] for key in ("category", "components", "parameter_format") if key in data})
    template_rules.check(world, changed)
    world.put_fact(KIND, f"{waba_id}:{template['name']}:{template['language']}", changed)
    _review_later(world, waba_id, changed)
    await pause(world.knobs.of("whatsapp"))
    return JsonResponse({"success": True, "id": template_id, "name": template["name"], "category": changed["category"]})


async def unpause(request: Request) -> JsonResponse:
    """POST /{version}/{template_id}/unpause"""
    world = world_of(request)
    waba_id, template = by_id(world, request.path_params["node"])
    authorised_waba(world, request, waba_id)
    if template["status"] != "PAUSED":
        raise GraphError(100, "The template is not paused.", "Invalid parameter")
    set_status(world, waba_id, template, "APPROVED")
    return JsonResponse({"success": True})


def by_id(world: World, template_id: str) -> tuple[str, Json]:
    """The business account and the template of an id; 100/33 when there is none."""
    for key, template in world.facts.get(KIND, {}).items():
        if template["id"] == template_id:
            return key.partition(":")[0], template
    raise GraphError(
        100,
        f"Object with ID '{template_id}' does not exist.",
        f"Unsupported get request. Object with ID '{template_id}' does not exist, cannot be loaded due to missing "
        "permissions, or does not support this operation",
        subcode=33,
        status=400,
    )


def _list(request: Request, waba_id: str) -> JsonResponse:
    world, query = world_of(request), request.query_params
    found = sorted(all_of(world, waba_id).values(), key=lambda item: int(item["id"]))
    for name in ("name", "status", "language", "category"):
        if query.get(name):
            found = [item for item in found if item[name] == query[name]]
    limit = int(query.get("limit", "25")) if query.get("limit", "25").isdigit() else 25
    after = query.get("after", "")
    start = next((at + 1 for at, item in enumerate(found) if item["id"] == after), 0) if after else 0
    page = found[start : start + limit]
    answer: Json = {"data": [_shown(item, query.get("fields", "")) for item in page]}
    if page:
        answer["paging"] = {"cursors": {"before": page[0]["id"], "after": page[-1]["id"]}}
        if start + limit < len(found):
            following = request.url.include_query_params(after=page[-1]["id"])
            answer["paging"]["next"] = str(following)
    return JsonResponse(answer)


def _delete(request: Request, waba_id: str) -> JsonResponse:
    world, query = world_of(request), request.query_params
    name = query.get("name", "")
    if not name:
        raise missing("name")
    gone = [item for item in all_of(world, waba_id).values() if item["name"] == name]
    if query.get("hsm_id"):
        gone = [item for item in gone if item["id"] == query["hsm_id"]]
    if not gone:
        raise GraphError(100, "Message template was not found.", "Invalid parameter", subcode=2593002)
    for item in gone:
        world.put_fact(KIND, f"{waba_id}:{item['name']}:{item['language']}", None)
    if not any(item["name"] == name for item in all_of(world, waba_id).values()):
        until = world.clock.now() + world.clock.window(_BLOCKED_SECONDS)
        world.put_fact("whatsapp_deleted_template", f"{waba_id}:{name}", {"until": until})
    return JsonResponse({"success": True})


def _shown(template: Json, fields: str) -> Json:
    wanted: list[str] = [name.strip() for name in fields.split(",") if name.strip()] or list(_FIELDS)
    full = {**template, "quality_score": {"score": template.get("quality", "UNKNOWN"), "date": 1_790_000_000}}
    return {name: full[name] for name in [*wanted, "id"] if name in full}


def _review_later(world: World, waba_id: str, template: Json) -> None:
    knobs = world.knobs.of("whatsapp")

    def decide() -> None:
        current = find(world, waba_id, template["name"], template["language"])
        if current is None or current["status"] != "PENDING":
            return
        reason = world.knobs.of("whatsapp").template_reject
        # A word to try a rejection with, since no human reviews here.
        if reason or "reject me" in str(current["components"]).lower():
            set_status(world, waba_id, current, "REJECTED", reason or "INVALID_FORMAT")
        else:
            set_status(world, waba_id, current, "APPROVED")

    asyncio.get_running_loop().call_later(knobs.template_review_ms / 1000, decide)
