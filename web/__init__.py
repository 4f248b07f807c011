"""HTTP, websockets and the front end: the only code that knows Starlette. `routes.py` is the URL table."""
