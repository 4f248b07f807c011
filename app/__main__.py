"""Operator commands: `python -m app COMMAND`. Each does its work in a module of its own, imported when asked for."""

import argparse
import asyncio
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from app.attach import operator_settings
from app.core import garbage, log
from app.core.settings import Settings, SettingsError, load_settings, misspelt, required_or_exit


@dataclass(frozen=True, slots=True)
class Command:
    """`run` gives the exit code; `arguments` adds what the command takes."""

    name: str
    help: str
    run: Callable[[Namespace], int]
    arguments: Callable[[ArgumentParser], None] = lambda parser: None


def main(arguments: Sequence[str] | None = None) -> int:
    parser = ArgumentParser(prog="python -m app", description="Run and look after Parley.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        added = commands.add_parser(command.name, help=command.help, description=command.help)
        command.arguments(added)
        added.set_defaults(run=command.run)
    options = parser.parse_args(arguments)
    try:
        # An .env that cannot be read is told of by whoever needs it.
        with suppress(UnicodeDecodeError, OSError):
            print("".join(f"{sentence}\n" for sentence in misspelt()), file=sys.stderr, end="")
        code: int = options.run(options)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return code


def _up(options: Namespace) -> int:
    from app.up import main as up

    log.configure(level="WARNING", json=False)
    return up.run(load_settings())


def _serve_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--host", help="address to listen on (default: PARLEY_HOST)")
    parser.add_argument("--port", type=int, help="port to listen on (default: PARLEY_PORT, else 8000)")
    parser.add_argument("--fd", type=int, help=argparse.SUPPRESS)


def _serve(options: Namespace) -> int:
    garbage.wait_until_loaded()
    from app import serve

    settings = required_or_exit()
    return serve.run(options.host or settings.host, options.port or settings.port or 8000, options.fd)


def _worker(options: Namespace) -> int:
    garbage.wait_until_loaded()
    from arq.worker import run_worker

    from app import worker

    run_worker(worker.WorkerSettings)
    return 0


def _doctor_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="for programs")


def _doctor(options: Namespace) -> int:
    from app.doctor import run

    log.configure(level="ERROR", json=False)
    return asyncio.run(run.run(as_json=options.json))


def _demo(options: Namespace) -> int:
    from app.demo import run
    from app.up import instance

    settings, running = operator_settings()
    log.configure(level=settings.log_level, json=settings.log_json)
    web_url = running.web_url if running else settings.public_url
    password = instance.kept(settings.data_dir).demo_password
    return asyncio.run(run.run(settings, web_url=web_url, password=password))


def _migrate(options: Namespace) -> int:
    from app.commands import migrate

    return asyncio.run(migrate.migrate(_settings()))


def _ensure_indexes(options: Namespace) -> int:
    from app.commands import migrate

    return asyncio.run(migrate.ensure_indexes(_settings()))


def _rotate_keys(options: Namespace) -> int:
    from app.commands import rotate_keys

    return asyncio.run(rotate_keys.run(_settings()))


def _rotate_push_keys_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--now", action="store_true", help="devices with an older key get nothing more")


def _rotate_push_keys(options: Namespace) -> int:
    from app.commands import rotate_push_keys

    return asyncio.run(rotate_push_keys.run(_settings(), now=options.now))


def _owner_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--email", required=True)
    parser.add_argument("--workspace", default="", help="name of the business; made if it is not there")


def _create_owner(options: Namespace) -> int:
    from app.commands import people

    return asyncio.run(people.create_owner(_settings(), email=options.email, workspace=options.workspace))


def _member_arguments(parser: ArgumentParser) -> None:
    from app.core.permissions import Role

    parser.add_argument("--email", required=True)
    parser.add_argument("--role", default=Role.AGENT.value, choices=[role.value for role in Role])
    parser.add_argument("--workspace", default="", help="needed when there are several")


def _create_member(options: Namespace) -> int:
    from app.commands import people
    from app.core.permissions import Role

    work = people.create_member(_settings(), email=options.email, role=Role(options.role), workspace=options.workspace)
    return asyncio.run(work)


def _replay_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("event_id", nargs="*", help="as shown in the log: account/event")
    parser.add_argument("--dead", action="store_true", help="all that were put aside after too many failures")


def _replay_inbound(options: Namespace) -> int:
    from app.commands import replay_inbound

    return asyncio.run(replay_inbound.run(_settings(), event_ids=options.event_id, dead=options.dead))


def _settings() -> Settings:
    """Those of the environment, or of the instance that runs beside us. Raises SettingsError."""
    settings, _ = operator_settings()
    log.configure(level="WARNING", json=False)
    return settings


COMMANDS: tuple[Command, ...] = (
    Command("up", "start everything on this machine (make run)", _up),
    Command("serve", "run one web process", _serve, _serve_arguments),
    Command("worker", "run one worker process", _worker),
    Command("doctor", "check everything, and say what to do about what fails", _doctor, _doctor_arguments),
    Command("demo", "load the demo's invented data into a running demo", _demo),
    Command("migrate", "bring the database to what this version needs", _migrate),
    Command("ensure-indexes", "make missing indexes", _ensure_indexes),
    Command("rotate-keys", "encrypt everything that is stored with the newest secret key", _rotate_keys),
    Command("rotate-push-keys", "sign web pushes with a new key", _rotate_push_keys, _rotate_push_keys_arguments),
    Command("create-owner", "a one-time link for the first owner", _create_owner, _owner_arguments),
    Command("create-member", "a one-time link for a new member", _create_member, _member_arguments),
    Command("replay-inbound", "put provider events back to work", _replay_inbound, _replay_arguments),
)


if __name__ == "__main__":
    sys.exit(main())
