"""
The demo: an invented business whose conversations arrive as real traffic through the sandbox.

    run.py      workspace, members, accounts, then the conversations; safe to run again, goes on where it was stopped
    script.py   who writes what, as a table
    actors.py   plays one step: a customer through the sandbox, a colleague through the outbox
    phone.py    the sandbox's control API
"""
