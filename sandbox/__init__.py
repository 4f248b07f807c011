"""
Pretend providers and a browser phone, so that Parley runs, is tested and is measured without one real key.

A separate ASGI app that speaks the providers' own HTTP and imports nothing of Parley. What the real provider would
refuse, it refuses with the provider's own error. A reader's way through it:

app          every route on one page                 world        all state, and the journal that keeps it
accounts     the business's accounts                 customers    the people with the phones
whatsapp/    Cloud API (Graph)                       ledger       the numbered record of everything accepted
twilio/      Messages API                            webhooks     lanes, retries, duplicates, disorder
telegram/    Bot API                                 poster       the HTTP client under them
phone/       the page to write from as a customer    knobs        what can be turned
control      the sandbox's own API (README.md)       limits, faults, clock, events, media, shapes
"""
