"""
Delivering webhooks: lanes that keep a customer's events in order, bounded concurrency, duplicates, disorder and
retries.

Deliveries of one lane (one customer at one account) go one after the other; lanes go side by side. A failed
delivery is tried
again later while its lane goes on, as Meta does; Telegram's lanes wait for it instead, as the Bot API server does.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.knobs import Knobs
from sandbox.poster import Answer, PostFailed
from sandbox.shapes import Json

if TYPE_CHECKING:
    from sandbox.world import World

_WORKERS_PER_ACCOUNT = 48
_MAX_PENDING = 400_000


@dataclass(frozen=True, slots=True)
class Policy:
    """How a provider treats an answer it does not like."""

    accepts: Callable[[int], bool]
    retries: int
    life_seconds: float
    blocks_lane: bool = False
    # A shorter patience than the knob's, when the provider documents one.
    wait_seconds: float = 60.0
    # Which failures are worth another try; 0 stands for no answer.
    retry_on: Callable[[int], bool] = lambda status: True


META = Policy(accepts=lambda status: status == 200, retries=10_000, life_seconds=7 * 86_400)
TWILIO = Policy(accepts=lambda status: 200 <= status < 400, retries=0, life_seconds=86_400, wait_seconds=15.0)
TELEGRAM = Policy(accepts=lambda status: 200 <= status < 300, retries=10_000, life_seconds=86_400, blocks_lane=True)


@dataclass(slots=True)
class Delivery:
    """
    One POST to make. `route` gives URL and header lines at the moment of sending; None means nobody listens any
    more.
    """

    account: str
    lane: Hashable
    channel: str
    customer: str
    body: bytes
    route: Callable[[], tuple[str, bytes] | None]
    policy: Policy
    seqs: tuple[int, ...] = ()
    on_answer: Callable[[Answer], None] | None = None
    on_failure: Callable[[str], None] | None = None
    attempt: int = 0
    first_at: float = 0.0


@dataclass(slots=True)
class Batch:
    """Events of one account that wait to share a POST."""

    values: list[Json] = field(default_factory=list)
    seqs: list[int] = field(default_factory=list)
    timer: asyncio.TimerHandle | None = None


@dataclass(slots=True)
class _Account:
    """The queue of one account: lanes with something to do, and the workers that do it."""

    ready: deque[Hashable] = field(default_factory=deque)
    lanes: dict[Hashable, deque[Delivery]] = field(default_factory=dict)
    workers: int = 0


class Webhooks:
    """All queues. Counters are shown by GET /_sandbox/state."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._accounts: dict[str, _Account] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._timers: set[asyncio.TimerHandle] = set()
        self._closed = False
        self.pending = 0
        self.in_flight = 0
        self.delivered = 0
        self.failed_attempts = 0
        self.given_up = 0
        self.last_error = ""

    def send(self, delivery: Delivery) -> None:
        """Queue a delivery, with the disorder and the duplicates that the knobs ask for."""
        knobs = self._world.knobs.of(delivery.channel, delivery.customer)
        delivery.first_at = self._world.clock.now()
        random = self._world.random
        if knobs.duplicate_rate and random.random() < knobs.duplicate_rate:
            self._later(random.uniform(0.0, knobs.reorder_ms / 1000), _copy(delivery))
        if knobs.reorder_rate and random.random() < knobs.reorder_rate and not delivery.policy.blocks_lane:
            self._later(random.uniform(0.2, 1.0) * knobs.reorder_ms / 1000, delivery)
        else:
            self._enqueue(delivery)

    def forget(self) -> None:
        """Drop everything that waits (a reset)."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        for account in self._accounts.values():
            account.ready.clear()
            account.lanes.clear()
        self.pending = 0

    async def close(self) -> None:
        """Stop; what was not acknowledged is sent again after a restart from the journal."""
        self._closed = True
        self.forget()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _later(self, seconds: float, delivery: Delivery) -> None:
        self.pending += 1

        def fire() -> None:
            self._timers.discard(timer)
            self.pending -= 1
            self._enqueue(delivery)

        timer = asyncio.get_running_loop().call_later(seconds, fire)
        self._timers.add(timer)

    def _enqueue(self, delivery: Delivery) -> None:
        if self._closed:
            return
        if self.pending >= _MAX_PENDING:
            self.given_up += 1
            return
        self.pending += 1
        account = self._accounts.setdefault(delivery.account, _Account())
        lane = account.lanes.get(delivery.lane)
        if lane is None:
            account.lanes[delivery.lane] = deque((delivery,))
            account.ready.append(delivery.lane)
        else:
            lane.append(delivery)
        self._wake(account)

    async def _work(self, account: _Account) -> None:
        """Take lanes until none is ready. A lane is in `ready` or in one worker's hands, never in both."""
        try:
            while account.ready:
                name = account.ready.popleft()
                lane = account.lanes.get(name)
                if not lane:
                    continue
                delivery = lane.popleft()
                self.pending -= 1
                self.in_flight += 1
                try:
                    again = await self._attempt(delivery)
                finally:
                    self.in_flight -= 1
                lane = account.lanes.get(name)
                if lane is None:
                    continue
                if again is not None and delivery.policy.blocks_lane:
                    # The lane stays out of `ready` until the retry puts its delivery back in front.
                    self._hold(account, name, again, delivery)
                    continue
                if again is not None:
                    self._later(again, delivery)
                if lane:
                    account.ready.append(name)
                else:
                    del account.lanes[name]
        finally:
            account.workers -= 1

    def _hold(self, account: _Account, name: Hashable, seconds: float, delivery: Delivery) -> None:
        self.pending += 1

        def fire() -> None:
            self._timers.discard(timer)
            lane = account.lanes.get(name)
            if lane is None:
                self.pending -= 1
                return
            lane.appendleft(delivery)
            account.ready.append(name)
            self._wake(account)

        timer = asyncio.get_running_loop().call_later(seconds, fire)
        self._timers.add(timer)

    def _wake(self, account: _Account) -> None:
        if account.ready and not self._closed and account.workers < _WORKERS_PER_ACCOUNT:
            account.workers += 1
            task = asyncio.get_running_loop().create_task(self._work(account))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _attempt(self, delivery: Delivery) -> float | None:
        """Send once: None when done with (delivered or given up), else the seconds until the next try."""
        world = self._world
        route = delivery.route()
        if route is None:
            return None
        knobs = world.knobs.of(delivery.channel, delivery.customer)
        url, headers = route
        delivery.attempt += 1
        after, status = "", 0
        try:
            wait = min(delivery.policy.wait_seconds, knobs.webhook_timeout_ms / 1000)
            answer = await world.poster.post(url, headers, delivery.body, wait)
        except (PostFailed, ValueError) as error:
            reason = str(error)
        else:
            if delivery.policy.accepts(answer.status):
                self.delivered += 1
                world.acknowledge(delivery.seqs)
                if delivery.on_answer is not None:
                    delivery.on_answer(answer)
                return None
            reason = f"Wrong response from the webhook: {answer.status}"
            after, status = answer.retry_after, answer.status
        self.failed_attempts += 1
        self.last_error = reason
        if delivery.on_failure is not None:
            delivery.on_failure(reason)
        age = world.clock.now() - delivery.first_at
        exhausted = delivery.attempt > delivery.policy.retries or age > world.clock.window(delivery.policy.life_seconds)
        if exhausted or not knobs.webhook_retries or not delivery.policy.retry_on(status):
            self.given_up += 1
            return None
        return _delay(delivery, knobs, after, world.random.uniform(0.8, 1.2))


def _delay(delivery: Delivery, knobs: Knobs, retry_after: str, jitter: float) -> float:
    """Doubling from `retry_base_ms`; Telegram honours Retry-After up to an hour."""
    if delivery.policy.blocks_lane and retry_after.isdigit():
        return min(3600.0, float(retry_after))
    doubled = knobs.retry_base_ms * float(2 ** min(delivery.attempt - 1, 20))
    return min(knobs.retry_max_ms, doubled) / 1000 * jitter


def _copy(delivery: Delivery) -> Delivery:
    """The same again, to the same place even when the first was acknowledged in the meantime."""
    route = delivery.route()
    return Delivery(
        account=delivery.account,
        lane=(delivery.lane, "again"),
        channel=delivery.channel,
        customer=delivery.customer,
        body=delivery.body,
        route=lambda: route,
        policy=delivery.policy,
        seqs=delivery.seqs,
        on_answer=None,
        first_at=delivery.first_at,
    )
