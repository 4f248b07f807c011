"""
Rows that are read before a workspace is known, and the only door to unscoped collections.

    workspaces.py   the businesses on this instance
    members.py      members, sessions, invitations, API tokens
    accounts.py     the directory of channel accounts, with their encrypted credentials
    work.py         durable work: raw inbound events, receipts, media to fetch, changes to announce
    queues.py       the queue that every workspace starts with
    migrations.py   which migrations are done, and their lock
    probes.py       what an operator asks of the database as a whole

Everything else goes through `Workspace.db`, which carries the workspace in every filter.
"""
