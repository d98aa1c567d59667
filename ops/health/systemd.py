"""Tells systemd what a service does: https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html."""

import os
import socket


def notify(state: str) -> None:
    """Send this state to the service manager, such as READY=1; does nothing if none wants to know."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as manager:
        # An abstract socket's name begins with a zero byte, which an environment variable can't hold.
        manager.connect(f"\0{address[1:]}" if address.startswith("@") else address)
        manager.sendall(state.encode())
