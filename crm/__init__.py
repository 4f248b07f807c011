"""
Who the customers are and what they agreed to.

    contacts.py   people and their addresses: resolve, change, search
    fields.py     what a workspace keeps of them; profiles.py editing it, companies.py whom they work for
    facets.py     what they are listed by; lists.py static lists
    imports.py    tables of people, in; rows.py what a row comes to, tables.py how files read, exports.py the way out
    consent.py    facts about what they agreed to, and what follows from them
    gate.py       the one gate: whether a message may go to this person now
    pacing.py     hours, caps, who is left out, and the switch that stops all marketing
    standing.py   what facts come to: pure, and the same in whatever order they came
    keywords.py   STOP, START and HELP in the words people use
    wishes.py     stops in words of people's own, which are held and asked about
    store/        every query of this package
"""
