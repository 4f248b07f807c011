"""
Rows that are read before a workspace is known, and the only door to unscoped collections.

    workspaces.py   the businesses on this instance
    members.py      members, sessions, invitations, API tokens
    accounts.py     the directory of channel accounts, with their encrypted credentials
    work.py         durable work: raw inbound events, receipts, media to fetch, changes to announce

Everything else goes through `Workspace.db`, which carries the workspace in every filter.
"""
