"""Operator commands as a person types them, on the servers that the tests run on."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from app.commands import people
from app.core import ids, members, sign_in
from app.core.permissions import Role
from app.core.platform import accounts, push_devices, push_keys, workspaces
from app.core.platform import members as member_rows
from app.core.platform.accounts import AccountRow, Directory
from app.core.runtime import Runtime
from app.core.security import Keyring
from app.core.settings import Settings
from app.core.webpush import Subscription
from tests.support.instances import ROOT

SECRET = "hunter2-hunter2-hunter2-hunter2-hunter2"


def _env(settings: Settings, **changes: str) -> dict[str, str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PARLEY_", "MONGODB_URI", "REDIS_URL"))}
    env |= {
        "MONGODB_URI": settings.mongodb_uri.get_secret_value(),
        "REDIS_URL": settings.redis_url.get_secret_value(),
        "PARLEY_SECRET_KEYS": ",".join(key.get_secret_value() for key in settings.secret_keys),
        "PARLEY_DATABASE": settings.database,
        "PARLEY_DATA_DIR": str(settings.data_dir),
        "PARLEY_PUBLIC_URL": "http://127.0.0.1:9",
    }
    return env | changes


async def _app(env: dict[str, str], *arguments: str, folder: Path = ROOT) -> "subprocess.CompletedProcess[str]":
    """In a thread: the event loop of the tests has connections to look after."""
    command = [sys.executable, "-m", "app", *arguments]
    options: dict[str, Any] = {"cwd": folder, "env": env, "capture_output": True, "text": True, "timeout": 60}
    return await asyncio.to_thread(subprocess.run, command, check=False, **options)


@pytest.mark.parametrize(
    ("command", "changes", "words"),
    [
        ("serve", {"MONGODB_URI": f"postgres://me:{SECRET}@db"}, "MONGODB_URI: write mongodb://"),
        ("worker", {"PARLEY_SECRET_KEYS": SECRET[:20]}, "PARLEY_SECRET_KEYS: each key needs at least 32 characters"),
        ("doctor", {"PARLEY_PUBLIC_URL": f"ftp://me:{SECRET}@host"}, "PARLEY_PUBLIC_URL: write a full address"),
        ("worker", {"MONGODB_URI": "", "PARLEY_SECRET_KEYS": ""}, "Not set: MONGODB_URI, PARLEY_SECRET_KEYS"),
    ],
)
async def test_wrong_settings_stop_the_start_in_plain_words(
    settings: Settings, command: str, changes: dict[str, str], words: str
) -> None:
    answer = await _app(_env(settings, **changes), command)
    said = answer.stdout + answer.stderr
    assert answer.returncode in (1, 2)
    assert words in said
    assert "Traceback" not in said
    assert SECRET not in said


async def test_a_variable_that_is_nearly_a_setting_is_told_of(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"parley_public_ulr={SECRET}\nPARLEY_REDIS_URL=redis://:{SECRET}@db\n")
    # Nobody's misspelling: what a platform gives a service of that name, and what is read elsewhere.
    others = {"PARLEY_SERVICE_HOST": "10.0.0.1", "PARLEY_PORT_80_TCP": "tcp://10.0.0.1:80", "PARLEY_SKIP_BUILD": "1"}
    env = _env(settings, PYTHONPATH=str(ROOT), PARLEY_DATBASE="x", **others)
    answer = await _app(env, "ensure-indexes", folder=tmp_path)
    assert answer.returncode == 0
    told = [line for line in answer.stderr.splitlines() if "is not a setting" in line]
    assert told == [
        f"{wrong} is not a setting, and changes nothing. Did you mean {right}?"
        for wrong, right in (
            ("PARLEY_DATBASE", "PARLEY_DATABASE"),
            ("PARLEY_PUBLIC_ULR", "PARLEY_PUBLIC_URL"),
            ("PARLEY_REDIS_URL", "REDIS_URL"),
        )
    ]
    assert SECRET not in answer.stdout + answer.stderr


@pytest.mark.parametrize("command", ["up", "serve", "doctor"])
async def test_a_file_of_settings_in_another_encoding_is_named(
    settings: Settings, tmp_path: Path, command: str
) -> None:
    (tmp_path / ".env").write_text(f"PARLEY_OWNER_EMAIL={SECRET}", "utf-16")
    answer = await _app(_env(settings, PYTHONPATH=str(ROOT)), command, folder=tmp_path)
    said = answer.stdout + answer.stderr
    assert answer.returncode in (1, 2)
    assert ".env is not UTF-8 text" in said
    assert "Traceback" not in said


async def test_doctor_says_what_fails_and_what_to_do(settings: Settings, runtime: Runtime) -> None:
    answer = await _app(_env(settings), "doctor", "--json")
    assert answer.returncode == 1
    found = {finding["name"]: finding for finding in json.loads(answer.stdout)["findings"]}
    # Databases are there; no worker and no web process is, migrations were not run.
    assert found["database"]["state"] == "ok"
    assert found["indexes"]["state"] == "ok"
    assert found["migrations"]["state"] == "failed"
    assert found["migrations"]["advice"] == "Run: python -m app migrate"
    assert found["workers"]["state"] == "failed"
    assert "python -m app worker" in found["workers"]["advice"]
    assert found["web"]["state"] == "failed"
    assert found["public address"]["state"] == "warning"


@contextmanager
def a_wrong_world() -> Iterator[str]:
    """A server that is well, lets no websocket through, is of yesterday, and knows no bot."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(401 if "getMe" in self.path else 200)
            self.send_header("content-type", "application/json")
            self.end_headers()

        def do_GET(self) -> None:
            self.do_HEAD()
            self.wfile.write(b'{"ok":false,"error_code":401,"description":"Unauthorized"}')

        def do_POST(self) -> None:
            self.do_GET()

        def date_time_string(self, timestamp: float | None = None) -> str:
            return "Sun, 22 Nov 2026 10:00:00 GMT"

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


async def test_doctor_names_what_stands_between_us_and_the_world(settings: Settings, runtime: Runtime) -> None:
    row = AccountRow(
        id=ids.new("acc"),
        workspace_id="ws_world",
        kind="telegram",
        name="Unknown bot",
        address="@bot",
        secrets={"bot_token": "7:" + "a" * 35, "webhook_secret": "s" * 20},
        created_at=runtime.clock.now(),
    )
    await accounts.insert(runtime.mongo, runtime.keyring, row)
    with a_wrong_world() as url:
        env = _env(settings, PARLEY_PUBLIC_URL=url, PARLEY_GRAPH_URL=url, PARLEY_TELEGRAM_URL=url)
        answer = await _app(env, "doctor", "--json")
    found = {finding["name"]: finding for finding in json.loads(answer.stdout)["findings"]}
    told = {name: (found[name]["state"], found[name]["advice"]) for name in found}
    assert told["web"][0] == "ok"
    assert told["websocket"][0] == "failed"
    assert "proxy" in told["websocket"][1]
    assert told["clock"] == ("failed", "Let the system keep its clock (timedatectl set-ntp true).")
    assert told["channel Unknown bot"][0] == "failed"
    assert "Settings → Channels" in told["channel Unknown bot"][1]


async def test_doctor_goes_on_without_a_queue(settings: Settings, runtime: Runtime) -> None:
    answer = await _app(_env(settings, REDIS_URL=""), "doctor")
    assert "FAILED  settings: not set: REDIS_URL" in answer.stdout
    assert "ok      database" in answer.stdout
    assert "Traceback" not in answer.stderr
    # It answers, and its memory is full.
    before = await runtime.redis.config_get("maxmemory")
    await runtime.redis.config_set("maxmemory", "1")
    try:
        answer = await _app(_env(settings), "doctor")
    finally:
        await runtime.redis.config_set("maxmemory", before["maxmemory"])
    assert "FAILED  queue: answers, and keeps nothing" in answer.stdout
    assert "Make room" in answer.stdout


async def test_doctor_names_a_folder_that_cannot_be_written(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    answer = await _app(_env(settings, PARLEY_DATA_DIR=str(tmp_path / "file" / "data")), "doctor")
    assert answer.returncode == 1
    assert "FAILED  data folder" in answer.stdout
    assert "PARLEY_DATA_DIR" in answer.stdout
    assert "Traceback" not in answer.stderr


async def test_credentials_of_another_key_are_named_and_stay(settings: Settings, runtime: Runtime) -> None:
    secrets = {"bot_token": "7:abc", "webhook_secret": SECRET}
    row = AccountRow(
        id=ids.new("acc"),
        workspace_id="ws_locked",
        kind="telegram",
        name="Locked",
        address="@bot",
        secrets=secrets,
        created_at=runtime.clock.now(),
    )
    await accounts.insert(runtime.mongo, runtime.keyring, row)
    answer = await _app(_env(settings, PARLEY_SECRET_KEYS="another-" + "0123456789" * 4), "doctor", "--json")
    found = {finding["name"]: finding for finding in json.loads(answer.stdout)["findings"]}
    assert found["channel Locked"]["state"] == "failed"
    assert "PARLEY_SECRET_KEYS" in found["channel Locked"]["advice"]

    async def secrets_now(directory: Directory) -> Mapping[str, str]:
        return (await directory.get(row.id)).secrets

    # Nor can the disk that keeps a copy for outages cost anybody their accounts.
    file = settings.data_dir / "no_folder"
    file.write_text("")
    other = Keyring(("another-" + "0123456789" * 4,))
    seen = await Directory(runtime.mongo, other, file / "accounts.cache").get(row.id)
    await accounts.update(runtime.mongo, other, replace(seen, name="Renamed"))
    assert await secrets_now(Directory(runtime.mongo, runtime.keyring, file / "accounts.cache")) == secrets


async def test_doctor_goes_on_when_the_database_is_down(settings: Settings) -> None:
    env = _env(
        settings, MONGODB_URI=f"mongodb://me:{SECRET}@127.0.0.1:1/?directConnection=true", REDIS_URL="unix:///no"
    )
    answer = await _app(env, "doctor")
    assert answer.returncode == 1
    assert "FAILED  database: does not keep what is written" in answer.stdout
    assert "FAILED  queue: does not answer" in answer.stdout
    assert "ok      disk" in answer.stdout
    assert SECRET not in answer.stdout + answer.stderr
    assert "Traceback" not in answer.stderr


async def test_migrate_and_indexes(settings: Settings, runtime: Runtime) -> None:
    assert "Done: default queues" in (await _app(_env(settings), "migrate")).stdout
    assert "Everything is up to date." in (await _app(_env(settings), "migrate")).stdout
    assert "All indexes are there." in (await _app(_env(settings), "ensure-indexes")).stdout


async def test_owner_and_members_come_in_by_links(
    settings: Settings, runtime: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = await _app(_env(settings), "create-owner", "--email", "first@example.com", "--workspace", "Shop")
    assert answer.returncode == 0, answer.stderr
    token = answer.stdout.strip().splitlines()[-1].rpartition("/invite/")[2]
    owner = await members.accept_invitation(runtime, token, name="First", password="long enough it is", ip="")
    assert owner.role == "owner"
    workspace = await workspaces.get(runtime.mongo, owner.workspace_id)
    assert workspace is not None
    assert workspace.name == "Shop"
    assert await people.create_member(settings, email="second@example.com", role=Role.AGENT, workspace="Shop") == 0
    assert "/invite/inv_" in capsys.readouterr().out
    assert await people.create_member(settings, email="first@example.com", role=Role.AGENT, workspace="") == 1
    assert "already a member" in capsys.readouterr().out
    assert await people.create_member(settings, email="x@example.com", role=Role.AGENT, workspace="Other") == 1
    assert "Make one and its owner with create-owner" in capsys.readouterr().out


async def test_keys_are_rotated_and_the_old_one_can_go(settings: Settings, runtime: Runtime) -> None:
    _, owner = await members.create_workspace(
        runtime, name="Keys", owner_name="Key", owner_email="key@example.com", password="long enough it is"
    )
    sealed = runtime.keyring.encrypt({"secret": "totp"})
    await member_rows.change(runtime.mongo, owner.id, {"totp_secret": sealed})
    row = AccountRow(
        id="acc_rotate", workspace_id=owner.workspace_id, kind="sms", name="SMS", address="+12025550100",
        secrets={"auth_token": "t"}, created_at=runtime.clock.now(),
    )  # fmt: skip
    await accounts.insert(runtime.mongo, runtime.keyring, row)
    key = await push_keys.newest(runtime.mongo, runtime.keyring, runtime.clock.now())
    signed_in = await sign_in.start_session(runtime, owner, ip="", user_agent="")
    device = Subscription("https://push.example.net/1", "point", "secret")
    now = runtime.clock.now()
    await push_devices.save(runtime.mongo, runtime.keyring, signed_in.session, device, key=key.number, now=now)
    sealed_key = runtime.keyring.encrypt({"key": "translate"})
    await runtime.mongo.translators.insert_one({"_id": owner.workspace_id, "sealed": sealed_key})
    old = settings.secret_keys[0].get_secret_value()
    assert (await _app(_env(settings), "rotate-keys")).returncode == 1
    answer = await _app(_env(settings, PARLEY_SECRET_KEYS=f"{SECRET},{old}"), "rotate-keys")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    fresh = Keyring((SECRET,))
    member = await member_rows.get(runtime.mongo, owner.id)
    assert member is not None
    assert fresh.decrypt(member.totp_secret) == {"secret": "totp"}
    stored = await runtime.mongo.accounts.find_one({"_id": "acc_rotate"})
    assert stored is not None
    assert fresh.decrypt(stored["sealed"]) == {"auth_token": "t"}
    connected = await runtime.mongo.translators.find_one({"_id": owner.workspace_id})
    assert connected is not None
    assert fresh.decrypt(connected["sealed"]) == {"key": "translate"}
    kept = await push_keys.get(runtime.mongo, fresh, key.number)
    assert kept is not None
    assert kept.public == key.public
    assert [each.subscription for each in await push_devices.of_member(runtime.mongo, fresh, owner.id, now)] == [device]

    # A new key for pushes leaves those with the old one theirs, until it has become known to others.
    env = _env(settings, PARLEY_SECRET_KEYS=SECRET)
    assert "renew when they are next opened" in (await _app(env, "rotate-push-keys")).stdout
    newest = await push_keys.newest(runtime.mongo, fresh, now)
    assert newest.number == key.number + 1
    assert await push_keys.get(runtime.mongo, fresh, key.number) == kept
    assert "1 devices get no more pushes" in (await _app(env, "rotate-push-keys", "--now")).stdout
    assert await push_devices.of_member(runtime.mongo, fresh, owner.id, now) == []
    assert await push_keys.get(runtime.mongo, fresh, newest.number) is None
    lost = await _app(_env(settings, PARLEY_SECRET_KEYS="y" * 40 + "," + "z" * 40), "rotate-keys")
    assert lost.returncode == 1
    assert "Put that key back" in lost.stdout


async def test_events_put_aside_are_replayed(settings: Settings, runtime: Runtime) -> None:
    await runtime.mongo.inbound.insert_one(
        {
            "_id": "acc_x/wamid.1",
            "workspace_id": "wsp",
            "account_id": "acc_x",
            "order_key": "1",
            "body": b"{}",
            "received_at": runtime.clock.now(),
            "sequence": 1,
            "attempts": 8,
            "dead_key": "wsp",
            "died_at": runtime.clock.now(),
            "error": "it broke",
        }
    )
    assert "put back to work: acc_x/wamid.1" in (await _app(_env(settings), "replay-inbound", "--dead")).stdout
    row = await runtime.mongo.inbound.find_one({"_id": "acc_x/wamid.1"})
    assert row is not None
    assert row["pending_key"] == "acc_x|1"
    assert "dead_key" not in row
    missing = await _app(_env(settings), "replay-inbound", "acc_x/none")
    assert missing.returncode == 1
    assert "there is no event acc_x/none" in missing.stdout


async def test_without_anything_running_a_command_says_so(settings: Settings) -> None:
    env = {k: v for k, v in _env(settings).items() if not k.startswith(("MONGODB", "REDIS"))}
    answer = await _app(env, "migrate")
    assert answer.returncode == 2
    assert "Start Parley with `make run`" in answer.stderr
