"""
The processes of Parley, and in `core/` what everything stands on.

Dependency order, top to bottom (kept by import-linter):

    app/          asgi.py, worker.py, __main__.py, subscriptions.py: the only modules that import the other packages
    web/          HTTP, websockets and the front end: the only code that knows Starlette
    automations/  messages nobody typed
    commerce/     catalogue, orders in chat, payment links
    inbox/        conversations, the timeline, sending, agents
    crm/          contacts, consent            channels/   one folder per channel
    app/core/     settings, database, queue, event stream, files, http, addresses
"""
