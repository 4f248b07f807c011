"""
Who gets a conversation and when.

    teams.py     who answers what; agents.py what each member can take on and whether they are available
    calendars.py business hours and holidays as the workspace keeps them
    route_rules.py where one goes when it begins
    waiting.py   which conversations wait for an agent; strategies.py whom one is given to; routing.py the rounds
    away.py      what customers are told meanwhile; handover.py from one desk to another, with a note
    duties.py    what falls due with a conversation by itself
"""
