"""
Who the customers are and what they agreed to.

    contacts.py   people and their addresses: resolve, edit, search
    consent.py    facts about what they agreed to, and the question asked before anything is sent
    standing.py   what facts come to: pure, and the same in whatever order they came
    keywords.py   STOP, START and HELP in the words people use
    store/        every query of this package
"""
