"""Parley is run from its root and never installed: nothing else provides its packages, and each stays in its place."""

import ast
import importlib
import importlib.metadata
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("app", "automations", "bench", "channels", "commerce", "crm", "inbox", "sandbox", "web")
OURS = {name for name in PACKAGES if any((ROOT / name).glob("*.py"))}
CHANNELS = sorted(path.parent.name for path in (ROOT / "channels").glob("*/__init__.py"))


def imported(path: Path) -> Iterator[str]:
    """The top-level names that a module imports."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("name", sorted(OURS))
def test_each_package_is_the_one_in_this_repository(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__file__ is not None
    assert Path(module.__file__).resolve().is_relative_to(ROOT / name)


def test_no_installed_distribution_provides_our_names() -> None:
    provided = importlib.metadata.packages_distributions()
    assert {name: provided[name] for name in PACKAGES if name in provided} == {}


def test_the_project_installs_no_package() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert settings["tool"]["setuptools"]["packages"] == []


def test_the_sandbox_knows_nothing_of_ours() -> None:
    found = {path.name: set(imported(path)) & (OURS - {"sandbox"}) for path in (ROOT / "sandbox").rglob("*.py")}
    assert {name: names for name, names in found.items() if names} == {}


def test_only_tests_benches_and_the_demo_import_the_sandbox() -> None:
    allowed = {"sandbox", "bench"}
    for name in OURS - allowed:
        for path in (ROOT / name).rglob("*.py"):
            assert "sandbox" not in set(imported(path)), path


def test_the_driver_is_imported_in_one_module_only() -> None:
    drivers = {"pymongo", "bson", "motor"}
    found = {
        str(path.relative_to(ROOT))
        for name in OURS - {"sandbox", "bench"}
        for path in (ROOT / name).rglob("*.py")
        if drivers & set(imported(path))
    }
    assert found <= {"app/core/mongo.py", "app/up/database.py", "app/up/servers.py", "app/up/probes.py"}, found


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_channel_is_one_folder_with_its_files(channel: str) -> None:
    folder = ROOT / "channels" / channel
    assert {"__init__.py", "adapter.py", "payloads.py", "README.md"} <= {path.name for path in folder.iterdir()}
    assert len((folder / "README.md").read_text("utf-8")) > 500
    assert any((ROOT / "tests" / "channels" / channel).glob("test_*.py"))


@pytest.mark.parametrize("channel", CHANNELS)
def test_no_channel_imports_another(channel: str) -> None:
    others = {f"channels.{name}" for name in CHANNELS if name != channel}
    for path in (ROOT / "channels" / channel).rglob("*.py"):
        text = path.read_text("utf-8")
        assert not any(f"from {other}" in text or f"import {other}" in text for other in others), path


def test_no_name_of_a_channel_is_compared_outside_the_channels() -> None:
    """Code elsewhere asks for a capability."""
    for name in ("inbox", "crm", "commerce", "automations"):
        for path in (ROOT / name).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Compare):
                    compared = [c.value for c in (node.left, *node.comparators) if isinstance(c, ast.Constant)]
                    assert not set(compared) & {"whatsapp", "sms", "telegram"}, f"{path}:{node.lineno}"


@pytest.mark.parametrize("entry", ["app.demo.run", "app.doctor.run", "app.up.main", "app.worker", "web.app"])
def test_each_program_finds_what_it_imports(entry: str) -> None:
    """In a process of its own: which module comes first decides whether two that import each other get along."""
    ran = subprocess.run([sys.executable, "-c", f"import {entry}"], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-2000:]
