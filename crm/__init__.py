"""
Who the customers are and what they agreed to.

    contacts.py   people and their addresses: resolve, edit, search
    consent.py    the one gate: record facts, derive the state, require it before anything is sent
    keywords.py   STOP, START and HELP in the words people use
    store.py      every query of this package
"""
