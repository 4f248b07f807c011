"""`create-owner` and `create-member`: how somebody gets in who cannot be invited on a screen yet."""

from app.core import ids, members
from app.core.errors import AppError
from app.core.permissions import SYSTEM, Role
from app.core.platform import queues, workspaces
from app.core.platform.workspaces import WorkspaceRow
from app.core.runtime import Runtime, Workspace, open_runtime
from app.core.settings import Settings


async def create_owner(settings: Settings, *, email: str, workspace: str) -> int:
    """A workspace, if there is none yet, and a link with which its owner chooses a name and a password, once."""
    return await _invite(settings, email=email, role=Role.OWNER, workspace=workspace)


async def create_member(settings: Settings, *, email: str, role: Role, workspace: str) -> int:
    """A link for a new member of a workspace that is there."""
    return await _invite(settings, email=email, role=role, workspace=workspace)


async def _invite(settings: Settings, *, email: str, role: Role, workspace: str) -> int:
    async with open_runtime(settings) as runtime:
        try:
            ws = await _workspace(runtime, workspace, make=role is Role.OWNER)
            invited = await members.invite(ws, SYSTEM, email=email, role=role)
        except AppError as error:
            print(error.detail)
            return 1
        except LookupError as error:
            print(error)
            return 1
    # The last line is the link and nothing else: `make run` reads it.
    print(f"This link works once, within {members.INVITATION_DAYS} days:")
    print(f"{settings.public_url}/invite/{invited.token}")
    return 0


async def _workspace(runtime: Runtime, name: str, *, make: bool) -> Workspace:
    """The one of that name, or the only one; or a new one. Raises LookupError with what to write."""
    found = [row async for row in workspaces.every(runtime.mongo)]
    chosen = [row for row in found if row.name == name] if name else found
    if len(chosen) == 1:
        return runtime.workspace(chosen[0].id)
    if chosen:
        raise LookupError(f"Say which workspace with --workspace: {', '.join(row.name for row in found)}.")
    if not make:
        raise LookupError("There is no such workspace. Make one and its owner with create-owner.")
    row = WorkspaceRow(ids.new("wsp"), name or "My business", runtime.clock.now())
    await queues.ensure_default(runtime.mongo, row.id, row.created_at)
    await workspaces.insert(runtime.mongo, row)
    return runtime.workspace(row.id)
