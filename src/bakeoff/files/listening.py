"""A socket that listens on a port which no other program listens on.

Takes an address. Knows no server.
"""

import socket


def listening_socket(host: str, port: int, backlog: int) -> socket.socket:
    """Raises OSError if the address cannot be used.

    On POSIX, SO_REUSEADDR lets a server start again while connections of the last one linger. On Windows it would let
    two programs share the port, and SO_EXCLUSIVEADDRUSE forbids that.
    Source: https://learn.microsoft.com/en-us/windows/win32/winsock/using-so-reuseaddr-and-so-exclusiveaddruse
    """
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, getattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_REUSEADDR), 1)
        listener.bind((host, port))
        listener.listen(backlog)
    except OSError:
        listener.close()
        raise
    return listener
