"""
Conversations, the timeline, and everything that comes in and goes out.

    inbound.py        accept (web side: durable before acknowledged) and process (worker side: one contact at a time)
    journal.py        group commit of what providers send; spool.py its files on disk
    messages.py       what an inbound event does to contact, conversation and timeline
    timeline.py       the customer's story: numbered, append-only entries; shelves.py parts of it, by kind and channel
    story.py          what is read as one timeline where contacts were merged or parted
    contents.py       what stands in an entry, read back; events.py what happens beside what is written
    conversations.py  the contact's thread with one queue: open, read, assign, close
    episodes.py       open-to-close stretches: the facts that reports are made of
    outbox.py         enqueue: the only way anything is sent; splitting.py long texts, fitting.py what does not
                      fit a channel, stops.py what a stop is told
    delivery.py       claim, pace, hand over to the provider, record
    rates.py          token buckets per sender and per pair, held in Redis
    receipts.py       delivery receipts: applied in bulk, monotonic, parked when early
    media.py          fetching, checking and re-hosting of files; files.py what is kept of each
    templates.py      approved texts: synced, listed, previewed
    present.py        how entries and conversations look from outside
    live.py           telling screens what has changed; hub.py the agents connected to this process
    access.py         the only door to a conversation for an agent; sight.py who sees what, screening.py on sockets
    visitors.py       who chats on a web page
    usage.py          where things are used, asked before one is deleted; references.py who refers to what
    reconcile.py      asks providers that do not repeat a lost webhook; polling.py those that call nobody
    checkups.py       asks every account once an hour whether it still works
    signals.py        typing, read and reactions towards the customer; menus.py numbered answers
    sweeper.py        finds overdue work and puts it back to work
    jobs.py           the jobs that workers run

    finding/          views, filters, search, tags, bulk actions
    answering/        kept texts, macros, drafts, later and taken-back sends, notes
    routing/          teams, agents, calendars, who gets what
    ticketing/        tickets, what was promised by when, incidents
    help/             articles for customers and colleagues: written, found, judged
    translating/      what is written in other languages, by a service of the workspace's
    merging/          contacts that are one person: looked at together, joined, parted
    closing/          reasons, silence, snoozing, surveys, blocking
    supervising/      reports, the wall, operations
    store/            every query of this package
"""
