"""The image and its composition, as far as they can be checked without an engine: by reading them."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.instances import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def _copied() -> list[str]:
    lines = re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
    return [source for line in lines for source in line.split()[:-1]]


def _ignored(path: str) -> bool:
    """.dockerignore, in the order of its lines, as far as this one goes."""
    ignored = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.removeprefix("!").strip()
        if not pattern or pattern.startswith("#"):
            continue
        if pattern == "*" or path == pattern or path.startswith(f"{pattern}/"):
            ignored = not line.startswith("!")
    return ignored


@pytest.mark.parametrize("source", _copied())
def test_everything_that_is_copied_is_there(source: str) -> None:
    assert (ROOT / source).exists()
    assert not _ignored(source)


def test_every_package_is_in_the_image() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"bench", "tests", "sandbox"}
    assert packages <= set(_copied())


def test_it_does_not_run_as_root() -> None:
    user = re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE)
    assert user[-1:] == ["parley"]
    assert DOCKERFILE.index("USER parley") < DOCKERFILE.index('CMD ["python", "-m", "app", "serve"')


def test_secrets_and_data_stay_out_of_the_image() -> None:
    for path in (".env", "data", "data/instance.json", ".git", "web/dist", "tests"):
        assert _ignored(path), path


def test_the_composition_holds_together() -> None:
    assert set(SERVICES) == {"web", "worker", "migrate", "mongo", "mongo-init", "valkey"}
    for name, service in SERVICES.items():
        for other in service.get("depends_on", {}):
            assert other in SERVICES, f"{name} waits for {other}"
        for volume in service.get("volumes", []):
            assert volume.split(":")[0] in COMPOSE["volumes"]


@pytest.mark.parametrize("name", ["web", "worker", "migrate"])
def test_our_processes_have_what_they_need(name: str) -> None:
    environment = SERVICES[name]["environment"]
    assert {"MONGODB_URI", "REDIS_URL", "PARLEY_SECRET_KEYS", "PARLEY_PUBLIC_URL"} <= set(environment)
    for setting in environment:
        assert setting in ("MONGODB_URI", "REDIS_URL", "FORWARDED_ALLOW_IPS") or _is_setting(setting)


def test_only_the_web_process_can_be_reached_from_outside() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["web"]


def test_no_secret_has_a_default() -> None:
    text = (ROOT / "compose.yaml").read_text()
    for name in ("MONGO_PASSWORD", "VALKEY_PASSWORD", "PARLEY_SECRET_KEYS"):
        uses = re.findall(rf"(?<!\$)\$\{{{name}[^}}]*\}}", text)
        assert uses
        assert all(":?" in use for use in uses)


def test_the_queue_is_kept_and_nothing_is_thrown_away() -> None:
    command = " ".join(SERVICES["valkey"]["command"])
    assert "--appendonly yes" in command
    assert "--maxmemory-policy noeviction" in command


def _is_setting(name: str) -> bool:
    from app.core.settings import Settings

    return name.removeprefix("PARLEY_").lower() in Settings.model_fields


def test_all_commands_exist() -> None:
    from app.__main__ import COMMANDS

    commands = {command.name for command in COMMANDS}
    used = re.findall(r'"-m", "app", "([a-z-]+)"', DOCKERFILE + (Path(ROOT) / "compose.yaml").read_text())
    assert used
    assert set(used) <= commands
