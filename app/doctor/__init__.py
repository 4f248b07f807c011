"""
`python -m app doctor`: looks at everything that Parley needs, and says in plain words what to do about what fails.

    run.py       the order of the checks, what is printed, the exit code
    findings.py  what a check may say
    storage.py   database, indexes, migrations, queue, workers, waiting work, files, disk
    outside.py   web process, websocket upgrade, public address, clock, channel accounts, sandbox
"""
