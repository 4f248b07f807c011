"""
Problems with an owner, and what was promised by when.

    tickets.py   a problem; ticket_forms.py, ticket_relations.py and ticket_news.py belong to it
    sla.py       the clock of what was promised; sla_policies.py as kept, sla_watch.py what falls due
    moments.py   the facts of each moment, to replay clocks; sla_trials.py what a policy would have made of the past
    incidents.py one problem of many, one update to all
"""
