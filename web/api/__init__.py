"""The REST API under /api/v1: one module per noun, each ending in the list of its endpoints. See `endpoint.py`."""
