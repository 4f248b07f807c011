"""
Mailings: one message to many people, the bulk half of the outbox (docs/mailings.md).

    mailing.py    what there is: a mailing, its batches, its people, how far each got
    mailings.py   what can be done with one: open, add people, start, pause, ask how it goes
    engine.py     drives those that run: takes batches, keeps to the sender's rate
    lane.py       one sender of one mailing: the gate, the words, hand-over, what came of it
    results.py    what is known of each person of a batch, and what that adds up to
    reports.py    providers' reports on mailings, folded by batch
    placing.py    their messages on people's timelines, behind the send
"""
