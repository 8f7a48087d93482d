"""What stands between the network and the application: pure ASGI middlewares, one per file, stacked by `guarded.py`."""
