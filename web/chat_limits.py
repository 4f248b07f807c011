"""How much visitors may do: counted in Redis per browser and per network address, over all processes."""

from web.limits import Limit

# The largest file a visitor may send.
MAX_UPLOAD_BYTES = 10_000_000


def messages(session: str) -> tuple[Limit, ...]:
    return Limit("messages", session, 20, 60), Limit("day", session, 200, 86_400)


def sessions(ip: str) -> tuple[Limit, ...]:
    # Phone networks put hundreds of customers behind one address.
    return (Limit("sessions", ip, 60, 3_600),)


def connections(ip: str) -> tuple[Limit, ...]:
    return (Limit("connections", ip, 240, 60),)


def uploads(session: str, ip: str) -> tuple[Limit, ...]:
    return Limit("uploads", session, 20, 3_600), Limit("uploads-ip", ip, 200, 3_600)


def greetings(ip: str) -> tuple[Limit, ...]:
    return (Limit("greetings", ip, 120, 60),)


def searches(ip: str) -> tuple[Limit, ...]:
    return (Limit("help-searches", ip, 120, 60),)
