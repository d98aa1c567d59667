"""What the processes of one test run share: a RabbitMQ, and that nothing of it is left when the run has ended.

pytest-xdist's controller owns it. Its workers ask for the RabbitMQ over a socket, and it starts when the first asks.
"""

import contextlib
import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Self

from tests.servers import BackingServer, rabbitmq


class SharedRabbit:
    """The RabbitMQ of a run, in the process that owns it; `address` is where others ask for it."""

    def __init__(self) -> None:
        self._servers = contextlib.ExitStack()
        self._starting = threading.Lock()
        self._started: BackingServer | Exception | None = None
        self._listener = Listener()
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._starting:
            self._started = RuntimeError("the run has ended")
            self._servers.close()
            self._listener.close()

    @property
    def address(self) -> str:
        """Where other processes ask."""
        return str(self._listener.address)

    def get(self) -> BackingServer:
        """The server, which starts if it has not yet; the error of the first start for all who ask."""
        with self._starting:
            if self._started is None:
                try:
                    self._started = self._servers.enter_context(rabbitmq())
                except Exception as error:  # noqa: BLE001 - is raised for all who ask
                    self._started = error
            if isinstance(self._started, Exception):
                raise self._started
            return self._started

    def _serve(self) -> None:
        while True:
            try:
                connection = self._listener.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: Connection) -> None:
        with connection:
            try:
                connection.send(self.get())
            except Exception as error:  # noqa: BLE001 - is raised where it was asked for
                connection.send(RuntimeError(str(error)))


def shared_rabbit(address: str) -> BackingServer:
    """The RabbitMQ that another process owns."""
    with Client(address) as connection:
        found: BackingServer | Exception = connection.recv()
    if isinstance(found, Exception):
        raise found
    return found


@contextlib.contextmanager
def leaving_nothing_behind() -> Iterator[None]:
    """Mark what is started within as this run's, and kill what is left of it at the end, also if this process dies."""
    run = f"TEST_RUN_OF_CLERK={uuid.uuid4().hex}"
    program = [sys.executable, "-S", str(Path(__file__).with_name("left_over.py")), run]
    killer = subprocess.Popen(program, stdin=subprocess.PIPE, start_new_session=True)
    name, _, os.environ[name] = run.partition("=")
    try:
        yield
    finally:
        del os.environ[name]
        killer.communicate(timeout=60)
