"""The order of the checks, what is printed, and the exit code."""

import dataclasses
import json
from collections.abc import Sequence
from contextlib import AsyncExitStack

import httpx
from redis.asyncio import Redis

from app.attach import operator_settings
from app.core import mongo
from app.core.clock import Clock
from app.core.http import provider_client
from app.core.runtime import open_runtime
from app.core.settings import Settings, SettingsError
from app.doctor import outside, storage
from app.doctor.findings import Finding, failed, ok, skipped
from app.up.instance import Running

_MARKS = {"ok": "ok     ", "warning": "look   ", "failed": "FAILED ", "skipped": "skipped"}


async def run(*, as_json: bool) -> int:
    """0 when nothing has failed."""
    try:
        settings, running = operator_settings()
    except SettingsError as error:
        what, _, advice = str(error).partition("\n")
        findings = [failed("settings", what, advice)]
    else:
        findings = await examine(settings, running)
    bad = sum(1 for finding in findings if finding.state == "failed")
    if as_json:
        shown = [dataclasses.asdict(finding) for finding in findings]
        print(json.dumps({"ok": not bad, "findings": shown}, indent=2, ensure_ascii=False))
    else:
        _print(findings, bad)
    return 1 if bad else 0


async def examine(settings: Settings, running: Running | None) -> list[Finding]:
    """Every check, in an order in which the first failure is the one to begin with."""
    data_dir = settings.data_dir.resolve()
    folder = storage.folder(data_dir)
    findings = [_settings(settings, running), folder]
    async with AsyncExitStack() as stack:
        client = mongo.connect(settings.mongodb_uri.get_secret_value())
        stack.push_async_callback(client.close)
        http = await stack.enter_async_context(provider_client())
        db = client[settings.database]

        database = await storage.database(db)
        queue = await _queue(settings)
        stored, queued = database[0].state != "failed", queue[0].state not in ("failed", "skipped")
        findings += [*database, *queue]
        findings += await storage.waiting(db, Clock().now()) if stored else []
        findings += [storage.spool(data_dir), storage.disk(data_dir)] if data_dir.is_dir() else []
        findings += await _reached(http, settings, running)
        findings.append(await outside.clock(http, db if stored else None, settings))
        if stored and queued and folder.state != "failed" and settings.secret_keys:
            runtime = await stack.enter_async_context(open_runtime(settings))
            findings.append(await storage.files(runtime.files))
            findings += await outside.channel_accounts(runtime)
        else:
            findings.append(skipped("channels", "asked once all of the above can be reached"))
    return findings


async def _queue(settings: Settings) -> list[Finding]:
    url = settings.redis_url.get_secret_value()
    unseen = skipped("workers", "they are seen in the queue")
    if not url:
        return [skipped("queue", "no address is set"), unseen]
    async with Redis.from_url(url, socket_timeout=3, socket_connect_timeout=3) as redis:
        found = await storage.queue(redis)
        return [*found, unseen if found[0].state == "failed" else await storage.workers(redis)]


async def _reached(http: httpx.AsyncClient, settings: Settings, running: Running | None) -> list[Finding]:
    local = running.web_url if running else settings.public_url
    findings = []
    if local:
        findings += [await outside.web(http, local), await outside.websocket(local)]
    findings += await outside.public_address(http, settings)
    if settings.demo and settings.sandbox_url:
        findings.append(await outside.sandbox(http, settings.sandbox_url))
    return findings


def _settings(settings: Settings, running: Running | None) -> Finding:
    missing = [
        name
        for name, value in (
            ("REDIS_URL", settings.redis_url.get_secret_value()),
            ("PARLEY_SECRET_KEYS", settings.secret_keys),
        )
        if not value
    ]
    if missing:
        return failed("settings", f"not set: {', '.join(missing)}", "Set them in the environment or in .env.")
    source = f"the instance that runs on {settings.data_dir}" if running else "the environment and .env"
    return ok("settings", f"from {source}")


def _print(findings: Sequence[Finding], bad: int) -> None:
    for finding in findings:
        print(f"  {_MARKS[finding.state]} {finding.name}: {finding.detail}")
        for line in finding.advice.splitlines():
            print(f"          → {line}")
    looks = sum(1 for finding in findings if finding.state == "warning")
    print(
        f"\n{bad} failed, {looks} to look at, {len(findings)} looked at." if bad or looks else "\nEverything is well."
    )
