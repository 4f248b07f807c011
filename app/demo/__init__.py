"""
The demo: an invented business whose conversations arrive as real traffic through the sandbox.

    run.py       the whole of it, safe to run again: what is there stays as it is
    people.py    the workspace and its members
    accounts.py  the channel accounts, connected to the sandbox
    script.py    who writes what, as a table      steps.py    what a table row may be
    actors.py    plays one conversation               desk.py     a colleague, through the API
    phone.py     the sandbox's control API            visitor.py  a visitor, through the widget's socket
"""
