"""What the demo's business promises: times for answers and tickets, and what its tickets look like."""

from app.core.permissions import SYSTEM
from app.core.runtime import Workspace
from inbox.routing import calendars
from inbox.ticketing import sla_policies, ticket_forms
from inbox.ticketing.sla import Policy, Step, Target
from inbox.ticketing.ticket_forms import Category, Forms, TicketField


async def give(ws: Workspace) -> None:
    """Once: whatever people have made of it since stays."""
    if await sla_policies.listed(ws) or (await ticket_forms.get(ws)).revision:
        return
    hours = next((kept.calendar.id for kept in await calendars.listed(ws)), None)
    told = Step(id="told", after="warning", do="notify", to="assignee")
    raised = Step(id="raised", after="breach", minutes=30, do="notify", to="lead")
    answers = {"": Target(first=60, next=120), "urgent": Target(first=15, next=30)}
    for name, subject, targets in (
        ("Answers", "conversations", answers),
        ("Tickets", "tickets", {"": Target(first=240, resolve=48 * 60), "urgent": Target(first=60, resolve=8 * 60)}),
    ):
        policy = Policy(
            id="",
            name=name,
            subject=subject,  # type: ignore[arg-type]
            targets=targets,
            calendar_id=hours,
            steps=(told, raised),
        )
        await sla_policies.create(ws, SYSTEM, policy)
    order = TicketField(key="order", label="Order number")
    damage = Category(
        id="damage",
        name="Damaged goods",
        fields=("order",),
        required=("order",),
        checklist=("Ask for a photo", "Send a new one", "Tell the workshop"),
    )
    delivery = Category(id="delivery", name="Delivery", fields=("order",))
    await ticket_forms.save(ws, SYSTEM, Forms(categories=(damage, delivery), fields=(order,)))
