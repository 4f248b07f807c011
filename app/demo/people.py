"""The demo's workspace and its members; all have the password that `make run` prints."""

from app.core import members
from app.core.errors import Conflict
from app.core.permissions import SYSTEM
from app.core.platform import members as member_rows
from app.core.platform import queues, workspaces
from app.core.platform.workspaces import WorkspaceRow
from app.core.runtime import Runtime, Workspace
from app.demo.script import BUSINESS, COLLEAGUES


async def workspace(runtime: Runtime, password: str) -> Workspace:
    """The one of the demo's owner, made if it is not there."""
    owner = COLLEAGUES[0]
    known = await member_rows.with_email(runtime.mongo, owner.email)
    if known:
        ws = runtime.workspace(known[0].workspace_id)
        if await workspaces.get(runtime.mongo, ws.id) is None:
            # Stopped between owner and workspace at the first try.
            await workspaces.insert(runtime.mongo, WorkspaceRow(ws.id, BUSINESS, runtime.clock.now()))
    else:
        ws, _ = await members.create_workspace(
            runtime, name=BUSINESS, owner_name=owner.name, owner_email=owner.email, password=password
        )
    await queues.ensure_default(runtime.mongo, ws.id, runtime.clock.now())
    return ws


async def join(ws: Workspace, password: str) -> None:
    """Everybody else, once."""
    known = {member.email for member in await member_rows.of_workspace(ws.runtime.mongo, ws.id)}
    for colleague in COLLEAGUES:
        if colleague.email in known:
            continue
        try:
            await members.create(
                ws, SYSTEM, email=colleague.email, name=colleague.name, role=colleague.role, password=password
            )
        except Conflict:
            continue
