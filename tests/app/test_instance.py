"""The data folder, ports and places of an instance."""

import json
import os
import socket
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from app.core.settings import Settings
from app.up import database, first_run, instance, ports, programs, valkey
from app.up.database import NoDatabase
from app.up.instance import InstanceError, Running


def _settings(**values: object) -> Settings:
    return Settings(_env_file=None, **values)  # type: ignore[arg-type, call-arg]


def _running(**values: object) -> Running:
    pid, born = instance.this_process()
    usual = Running(
        pid=pid,
        created_at=born,
        web_url="http://127.0.0.1:8000",
        public_url="http://127.0.0.1:8000",
        sandbox_url="",
        demo=False,
        database_port=1,
        redis_url="",
        children={},
    )
    return replace(usual, **values)  # type: ignore[arg-type]


def test_the_folder_is_held_by_one(tmp_path: Path) -> None:
    with instance.lock(tmp_path / "data"):
        assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
        refused = pytest.raises(InstanceError, match=rf"already runs on .* \(process {os.getpid()}\)")
        with refused, instance.lock(tmp_path / "data"):
            pass
    with instance.lock(tmp_path / "data"):
        pass


def test_what_is_made_up_is_kept(tmp_path: Path) -> None:
    first = instance.kept(tmp_path)
    assert instance.kept(tmp_path) == first
    assert len(first.secret_keys) >= 32
    assert len(first.demo_password) >= 10
    assert stat.S_IMODE((tmp_path / "instance.json").stat().st_mode) == 0o600
    assert first.secret_keys not in repr(first)
    instance.keep(tmp_path, replace(first, demo=False))
    assert instance.kept(tmp_path).demo is False


def test_a_broken_file_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "instance.json").write_text("{")
    with pytest.raises(InstanceError, match="put it back from a backup"):
        instance.kept(tmp_path)
    assert (tmp_path / "instance.json").read_text() == "{"


def test_a_running_instance_is_found_and_a_dead_one_is_not(tmp_path: Path) -> None:
    assert instance.running(tmp_path) is None
    instance.note_running(tmp_path, _running(), {})
    found = instance.running(tmp_path)
    assert found is not None
    assert found.pid == os.getpid()
    instance.note_running(tmp_path, _running(created_at=1.0), {})
    assert instance.running(tmp_path) is None


def test_strays_are_ended_and_strangers_are_not(tmp_path: Path) -> None:
    stray = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        instance.note_running(tmp_path, _running(), {"web": stray.pid, "queue": stranger.pid})
        noted = json.loads((tmp_path / "run.json").read_text())
        # The same number, born at another time: it belongs to somebody else by now.
        noted["children"]["queue"][1] -= 1000
        (tmp_path / "run.json").write_text(json.dumps(noted))
        assert instance.end_strays(tmp_path) == ["web"]
        assert not psutil.pid_exists(stray.pid)
        assert stranger.poll() is None
    finally:
        for process in (stray, stranger):
            process.kill()
            process.wait()


def test_ports_are_the_usual_the_asked_for_or_any() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        usual = taken.getsockname()[1]
        assert not ports.is_free("127.0.0.1", usual)
        with ports.listen("127.0.0.1", 0, usual) as other:
            assert other.getsockname()[1] != usual
        with pytest.raises(ports.PortTaken, match=f"port {usual}: another program uses it"):
            ports.listen("127.0.0.1", usual, usual)
    with ports.listen("127.0.0.1", 0, usual) as same:
        assert same.getsockname()[1] == usual


@pytest.mark.parametrize(
    ("host", "reached"),
    [("0.0.0.0", "127.0.0.1"), ("::", "127.0.0.1"), ("::1", "[::1]"), ("10.0.0.5", "10.0.0.5"), ("box", "box")],
)
def test_an_address_on_this_machine(host: str, reached: str) -> None:
    assert ports.reachable_host(host) == reached


def test_the_socket_moves_when_its_path_would_be_too_long(tmp_path: Path) -> None:
    near = Path("/srv/parley/data")
    assert valkey.socket_path(near) == near / "valkey" / "socket"
    far = tmp_path / ("deep" * 30)
    moved = valkey.socket_path(far)
    assert len(os.fsencode(moved)) <= 100
    assert valkey.socket_path(far) == moved
    assert valkey.socket_path(far / "other") != moved


def test_data_stays_with_the_program_that_wrote_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mongod = tmp_path / "mongod"
    mongod.write_text("#!/bin/sh\n")
    mongod.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert database.choose("", "", tmp_path).kind == "mongod"
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    (tmp_path / "secantusd-py").touch(mode=0o755)
    assert database.choose("", "secantusd", tmp_path).kind == "secantusd"
    (tmp_path / "secantusd-py").unlink()
    with pytest.raises(NoDatabase, match="written by secantusd, which is not there any more"):
        database.choose("", "secantusd", tmp_path)


def test_without_any_database_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(NoDatabase) as refused:
        database.choose("", "", tmp_path)
    for way_out in ("MONGODB_URI", "mongod", "PYTHON=python3.13", "PARLEY_MONGOD_PATH"):
        assert way_out in str(refused.value)
    with pytest.raises(NoDatabase, match="no program nowhere-mongod"):
        database.choose("nowhere-mongod", "", tmp_path)


def test_mongod_is_a_guarded_replica_set(tmp_path: Path) -> None:
    known = replace(instance.kept(tmp_path), database_port=27_555)
    settings_of = database.program(
        database.Engine("mongod", Path("/usr/bin/mongod")),
        tmp_path,
        known,
        None,
        {},
        tmp_path / "log",  # type: ignore[arg-type]
    )
    assert "--replSet" in settings_of.argv
    key_file = Path(settings_of.argv[settings_of.argv.index("--keyFile") + 1])
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert known.database_password not in " ".join(settings_of.argv)


@pytest.mark.parametrize(
    ("said", "before", "demo"),
    [(None, None, True), (None, False, False), (None, True, True), (False, None, False), (False, True, False)],
)
def test_demo_unless_said_otherwise(tmp_path: Path, said: bool | None, before: bool | None, demo: bool) -> None:
    known = replace(instance.kept(tmp_path), demo=before)
    settings = _settings() if said is None else _settings(demo=said)
    assert first_run.is_demo(settings, known) is demo


def test_the_sandbox_stands_in_only_where_nobody_has_set_a_provider() -> None:
    settings = _settings(twilio_url="https://api.twilio.com")
    urls = programs.provider_urls(settings, "http://127.0.0.1:9100")
    assert urls == {
        "graph_url": "http://127.0.0.1:9100/graph",
        "telegram_url": "http://127.0.0.1:9100/telegram",
        "push_url": "http://127.0.0.1:9100/push",
        "libretranslate_url": "http://127.0.0.1:9100/libretranslate",
        "deepl_url": "http://127.0.0.1:9100/deepl",
    }
    assert programs.provider_urls(_settings(), "") == {}


def test_other_programs_get_none_of_our_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_SECRET_KEYS", "x" * 40)
    monkeypatch.setenv("MONGODB_URI", "mongodb://user:secret@db")
    env = programs.bare_environment()
    assert not [name for name in env if name.startswith(("PARLEY_", "MONGODB", "REDIS"))]
