"""
Conversations, the timeline, and everything that comes in and goes out.

    inbound.py        accept (web side: durable before acknowledged) and process (worker side: one contact at a time)
    journal.py        group commit of what providers send; spool.py its files on disk
    messages.py       what an inbound event does to contact, conversation and timeline
    timeline.py       the customer's story: numbered, append-only entries
    conversations.py  the contact's thread with one queue: open, read, assign, close
    episodes.py       open-to-close stretches: the facts that reports are made of
    closing.py        reasons, words of thanks, and what a workspace has settled; idle.py closing after a long silence
    snooze.py         asleep until a time or until the customer writes
    duties.py         what falls due with a conversation by itself
    tickets.py        problems with an owner; ticket_forms.py, ticket_relations.py and ticket_news.py belong to them
    sla.py            what was promised by when: the clock; sla_policies.py as kept, sla_watch.py what falls due
    incidents.py      one problem of many, one update to all
    outbox.py         enqueue: the only way anything is sent
    delivery.py       claim, pace, hand over to the provider, record
    rates.py          token buckets per sender and per pair, held in Redis
    receipts.py       delivery receipts: applied in bulk, monotonic, parked when early
    media.py          fetching, checking and re-hosting of files
    templates.py      approved texts: synced, listed, previewed
    present.py        how entries and conversations look from outside
    live.py           telling screens what has changed; hub.py the agents connected to this process
    access.py         the only door to a conversation for an agent
    reconcile.py      asks providers that do not repeat a lost webhook; polling.py those that call nobody
    calendars.py      business hours and holidays as the workspace keeps them; usage.py where things are used
    teams.py          who answers what; agents.py what each member can take on and whether they are available
    waiting.py        which conversations wait for an agent; strategies.py whom one is given to; routing.py the rounds
    away.py           what customers are told meanwhile; handover.py from one desk to another, with a note
    checkups.py       asks every account once an hour whether it still works
    signals.py        typing, read and reactions towards the customer; menus.py numbered answers
    sweeper.py        finds overdue work and puts it back to work
    jobs.py           the jobs that workers run
    store/            every query of this package
"""
