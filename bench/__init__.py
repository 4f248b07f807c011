"""
Load and limit measurements: `python -m bench NAME [--quick] [--json]`.

Each starts what it needs (or uses MONGODB_URI and REDIS_URL), prints a table, and ends with status 0 only if its bars
hold. Figures are compared with a bare program in the same run, because machines differ and are shared.

    stage.py    child processes in a folder of their own, and the CPU time they take
    wire.py     the load's side of HTTP and websockets, as cheap as Python allows
    traffic.py  a steady or a saturating stream of messages, and how late each arrives
    shop.py     a workspace with an account and people, put into the database directly
    report.py   tables and bars
    floor.py    the least that a message can cost on the same database: what the others are compared with
"""
