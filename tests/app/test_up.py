"""`python -m app up` for real: it comes up, stays up, stops, and comes back with everything."""

import re
import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.instances import Instance, gone, is_ready, launch, started, until

PASSWORD = "a password of the owner"
REAL = {"PARLEY_DEMO": "false", "PARLEY_OWNER_EMAIL": "owner@example.com"}


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    with started(tmp_path_factory.mktemp("up") / "data", **REAL) as running:
        yield running


def _sign_in(url: str) -> httpx.Response:
    body = {"email": "owner@example.com", "password": PASSWORD}
    return httpx.post(f"{url}/api/v1/login", json=body, timeout=10, trust_env=False)


def test_it_is_ready_and_says_where(instance: Instance) -> None:
    assert is_ready(instance.web_url)
    assert f"Open          {instance.web_url}" in instance.said()
    assert "a new database is made" in instance.said()
    assert set(instance.children) == {"database", "queue", "worker", "web"}
    # Without the demo nothing pretends to be a provider.
    assert instance.running["sandbox_url"] == ""


def test_the_first_owner_comes_in_by_a_link_that_works_once(instance: Instance) -> None:
    link = re.search(r"First owner\s+(\S+)", instance.said())
    assert link is not None
    token = link[1].rpartition("/invite/")[2]
    body = {"name": "Olu Owner", "password": PASSWORD}
    url = f"{instance.web_url}/api/v1/invitations/{token}/accept"
    assert httpx.post(url, json=body, timeout=10, trust_env=False).status_code == 200
    assert httpx.post(url, json=body, timeout=10, trust_env=False).status_code == 404
    assert _sign_in(instance.web_url).json()["member"]["role"] == "owner"


def test_what_is_secret_is_closed_to_others(instance: Instance) -> None:
    for name in ("instance.json", "run.json"):
        assert stat.S_IMODE((instance.data_dir / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((instance.data_dir / "mongo").stat().st_mode) == 0o700
    assert "mongodb://" not in (instance.data_dir / "run.json").read_text()


def test_nobody_gets_into_the_database_without_the_password(instance: Instance) -> None:
    from pymongo import MongoClient
    from pymongo.errors import OperationFailure

    port = instance.running["database_port"]
    with (
        MongoClient(f"mongodb://127.0.0.1:{port}/?directConnection=true") as client,
        pytest.raises(OperationFailure, match="auth"),
    ):
        client.parley.members.find_one()


def test_a_second_copy_on_the_same_data_is_refused(instance: Instance) -> None:
    second = launch(instance.data_dir / "second", PARLEY_DATA_DIR=str(instance.data_dir))
    assert second.process.wait(20) == 1
    assert f"already runs on {instance.data_dir} (process {instance.process.pid})" in second.said()
    assert "Traceback" not in second.said()


def test_a_fallen_web_process_is_started_again_behind_the_same_port(instance: Instance) -> None:
    url = instance.web_url
    instance.children["web"].kill()
    until(lambda: "web is running again" in instance.said(), 30)
    assert is_ready(url)
    assert "! web: ended (signal SIGKILL)" in instance.said()


def test_a_fallen_database_is_started_again_and_has_lost_nothing(instance: Instance) -> None:
    instance.children["database"].kill()
    until(lambda: "database is running again" in instance.said(), 30)
    until(lambda: is_ready(instance.web_url), 20)
    assert _sign_in(instance.web_url).status_code == 200


def test_doctor_finds_the_running_instance_and_nothing_wrong(instance: Instance) -> None:
    answer = instance.command("doctor")
    assert "from the instance that runs on" in answer.stdout
    assert "FAILED" not in answer.stdout
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_interrupt_stops_every_process_and_the_next_start_finds_everything(instance: Instance) -> None:
    children = list(instance.children.values())
    assert instance.stop() == 0, instance.said()
    assert gone(children)
    assert "Stopped. Everything is kept" in instance.said()
    assert "was killed" not in instance.said()
    assert not (instance.data_dir / "run.json").exists()
    refused = launch(instance.data_dir, PARLEY_DEMO="true")
    assert refused.process.wait(20) == 1
    assert "was set up without the demo" in refused.said()
    with started(instance.data_dir, PARLEY_OWNER_EMAIL="owner@example.com") as again:
        # What was chosen at the first start holds: still no demo, and the owner is known.
        assert "First owner" not in again.said()
        assert _sign_in(again.web_url).status_code == 200


def test_killed_outright_it_leaves_no_orphans_and_starts_again(tmp_path: Path) -> None:
    with started(tmp_path / "data", **REAL) as instance:
        children = list(instance.children.values())
        assert len(children) == 4
        instance.process.kill()
        instance.process.wait()
        until(lambda: gone(children), 10)
        # Its notes and its socket are still there; they are stale.
        assert (instance.data_dir / "run.json").exists()
        with started(instance.data_dir) as again:
            assert is_ready(again.web_url)


def test_a_taken_port_is_said(tmp_path: Path, instance: Instance) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = launch(tmp_path / "data", PARLEY_PORT=str(port))
        assert refused.process.wait(20) == 1
    assert f"port {port}: another program uses it" in refused.said()


def test_a_database_that_does_not_come_up_tells_its_last_words(tmp_path: Path) -> None:
    program = tmp_path / "secantusd-broken"
    program.write_text("#!/bin/sh\necho 'the disk is on fire'\nexit 3\n")
    program.chmod(0o755)
    refused = launch(tmp_path / "data", PARLEY_MONGOD_PATH=str(program))
    assert refused.process.wait(30) == 1
    assert "did not come up" in refused.said()
    assert "the disk is on fire" in refused.said()
    assert "database.log" in refused.said()
    assert "Traceback" not in refused.said()
