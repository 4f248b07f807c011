"""
`make run`: everything that Parley needs, started on this machine and kept running by one process.

    main.py        the start in order, the wait, the stop
    instance.py    the data folder: its lock, what was made up on the first start, and what runs now
    database.py    the embedded database        valkey.py    the embedded queue
    frontend.py    the front end's build        programs.py  web, worker and sandbox, and their environment
    supervisor.py  starts, health-checks, restarts and stops      process.py   one child and its log
    leash.py       makes a child die with its parent              probes.py    does a server answer?
    ports.py       listening sockets and free ports               terminal.py  what is said to the person

Only `app.core` is imported here; the rest of Parley runs in the children. So this process stays small.
"""
