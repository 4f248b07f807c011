"""
Messages nobody typed: broadcasts, segments and greetings; journeys and triggers later.

    broadcasts.py   one message to many: its states and who may change it; approvals.py when a second one agrees
    plans.py        what a broadcast is to do, whole; usage.py what names a tag, team or field in it
    audiences.py    whom it is for, as a stream; rolls.py who that was when it started, and where each was sent
    placing.py      to which handle and in which words each person gets it; estimates.py what that costs
    checks.py       the check before sending: who gets it, who does not and why; trials.py a few get it now
    schedules.py    when it goes; habits.py each person's own hour; calendar.py what overlaps
    runs.py         how far it is; waking.py finds what is due, carrying.py does it, recalling.py takes it back
    steering.py     what people do on the way: start, pause, resume, cancel, recall
    precedence.py   which of two broadcasts a person gets
    experiments.py  variants, samples, holdouts, and their arithmetic; effects.py what the whole came to
    results.py      what is watched and drilled into; reasons.py why somebody did or did not get it
    segments.py     kept groups of contacts; portraits.py what rules ask about one, membership.py keeps them true
    renewals.py     asking again before an agreement ends
    greetings.py    what the web chat says first, by rules
    jobs.py         the jobs that workers run
    store/          every query of this package
"""
