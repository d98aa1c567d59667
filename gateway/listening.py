"""Takes the port before anything else is begun, so that a process that can't listen does nothing."""

import errno
import socket
from typing import Final

from messages.process.settings import Settings
from messages.process.variables import Misconfigured

EVERYWHERE: Final = "::"


class PortTaken(Exception):
    """A process can't listen at present, and may when it is started again; the message says why and what to do."""


def bind(settings: Settings) -> list[socket.socket]:
    """A socket for each address of CLERK_HOST, at CLERK_PORT: bound, not listening yet.

    `::` takes calls over IPv4 as well. PortTaken if another program has the port; Misconfigured if the host is none
    of this machine's.
    """
    bound: list[socket.socket] = []
    try:
        asked = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, address in dict.fromkeys(asked):
            each = socket.socket(family, kind, protocol)
            bound.append(each)
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                each.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, settings.host != EVERYWHERE)
            each.bind(address)
    except OSError as error:
        for each in bound:
            each.close()
        raise trouble(error, "CLERK_PORT", settings.host, settings.port) from None
    return bound


def trouble(error: OSError, variable: str, host: str, port: int) -> Exception:
    """Why a process can't listen, in one sentence: PortTaken if that may pass, else Misconfigured."""
    if isinstance(error, socket.gaierror):
        if error.errno == socket.EAI_AGAIN:
            return PortTaken(f"CLERK_HOST: the name {host} can't be looked up now. Start again, or set an address.")
        return Misconfigured(f"CLERK_HOST: there is no host {host}. Set an address of this machine, such as 127.0.0.1.")
    if error.errno == errno.EADDRINUSE:
        return PortTaken(f"{variable}: another program listens at port {port}. Stop it, or set another port.")
    if error.errno in {errno.EACCES, errno.EPERM}:
        return Misconfigured(f"{variable}: this user may not listen at port {port}. Set one above 1023.")
    if error.errno in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}:
        return Misconfigured(
            f"CLERK_HOST: {host} is no address of this machine. Set one of its own, or 0.0.0.0 for all."
        )
    return PortTaken(f"{variable}: can't listen at port {port} of {host}: {error.strerror or error}.")
