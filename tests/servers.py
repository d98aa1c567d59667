"""The real servers that tests run against: RabbitMQ, a MongoDB wire server, and Clerk's own processes.

RabbitMQ is, in this order: CLERK_TEST_AMQP_URL; a container where Docker answers; a private node of an installed
rabbitmq-server; the same after installing Debian's package. MongoDB: CLERK_TEST_MONGO_URL; a container; the embedded
wire server.
"""

import atexit
import contextlib
import functools
import os
import random
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pika

from messages.queues import QUEUES, declarations
from ops.broker import LAYOUT
from ops.queues.management_api import management_address

ROOT = Path(__file__).parent.parent
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
"""Which of the processes that share a run this is; empty if it runs all tests."""

ARTEFACTS = ROOT / "test-artefacts" / WORKER

_reserved = contextlib.ExitStack()
"""The names of the ports in use; they are given back when the process ends."""
atexit.register(_reserved.close)


PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For clients of our own servers, which speak plain HTTP: any other reads all certificates that there are, in 30 ms."""


@dataclass(frozen=True)
class BackingServer:
    """A server that tests may use: its URL, a short description, and the URL of its management API if it has one."""

    url: str
    what: str
    management: str | None = None


def free_port() -> int:
    """A free port of the loopback interface, below those that the system gives to connections.

    No other process of the tests gets it while this one runs: its number is taken as the name of a socket.
    """
    while True:
        port = random.randint(15_000, 32_000)
        name = socket.socket(socket.AF_UNIX)
        try:
            name.bind(f"\0clerk-test-port-{port}")
        except OSError:
            name.close()
            continue
        _reserved.enter_context(name)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


PATIENCE = 3
"""How many times as long as a machine takes that does nothing else: it may be busy with other tests."""


def wait_until[T](look: Callable[[], T], what: str, within: float = 60.0, every: float = 0.05) -> T:
    """What `look` gives as soon as that is true; AssertionError with its last answer after `within` seconds, thrice.

    It looks again after `every` seconds at first, then less and less often: others need the machine.
    """
    until = time.monotonic() + within * PATIENCE
    longest = 5 * every
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < until, f"{what}: still {found!r} after {within * PATIENCE} s"
        time.sleep(every)
        every = min(every * 1.1, longest)


def docker_answers() -> bool:
    """Whether a Docker engine can start containers here."""
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "info"], capture_output=True, check=False, timeout=20).returncode == 0


# -- RabbitMQ ---------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def rabbitmq() -> Iterator[BackingServer]:
    """A RabbitMQ for the whole run."""
    if url := os.environ.get("CLERK_TEST_AMQP_URL"):
        address, (user, password), _ = management_address(url, os.environ.get("CLERK_TEST_MANAGEMENT_URL"))
        yield BackingServer(url, "RabbitMQ of CLERK_TEST_AMQP_URL", address.replace("//", f"//{user}:{password}@", 1))
    elif docker_answers():
        from testcontainers.rabbitmq import RabbitMqContainer

        with RabbitMqContainer("rabbitmq:4-management").with_exposed_ports(5672, 15672) as container:
            at = container.get_connection_params()
            management = f"http://guest:guest@{at.host}:{container.get_exposed_port(15672)}"
            url = f"amqp://guest:guest@{at.host}:{at.port}/"
            yield BackingServer(url, "RabbitMQ 4 in a container", management)
    else:
        with PrivateRabbit() as node:
            yield BackingServer(node.url, "a private node of the installed rabbitmq-server", node.management)


def vhost(server: BackingServer, name: str) -> BackingServer:
    """A part of a RabbitMQ with queues of its own, made through the management API."""
    if server.management is None:
        raise RuntimeError(f"{server.what} has no management API to make a vhost with: run the tests with WORKERS=0.")
    with httpx.Client(base_url=f"{server.management}/api", timeout=30, trust_env=False, verify=PLAIN) as api:

        def made() -> bool:
            with contextlib.suppress(httpx.TransportError):
                api.put(f"/vhosts/{name}").raise_for_status()
                return True
            return False

        wait_until(made, "the management API makes a vhost")
        user = api.get("/whoami").raise_for_status().json()["name"]
        everything = {"configure": ".*", "write": ".*", "read": ".*"}
        api.put(f"/permissions/{name}/{user}", json=everything).raise_for_status()
    return replace(server, url=_at_path(server.url, name))


def _at_path(url: str, name: str) -> str:
    """A URL with another path, whatever its scheme."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{str(httpx.URL(f'http://{rest}').copy_with(path=f'/{name}')).removeprefix('http://')}"


def _rabbitmq_scripts() -> Path:
    """The folder of the RabbitMQ server's scripts, installed with apt-get if necessary."""
    found = _find_scripts()
    if found is None:
        if os.geteuid() != 0 or shutil.which("apt-get") is None:
            raise RuntimeError(
                "These tests need a RabbitMQ: set CLERK_TEST_AMQP_URL, start Docker, or install rabbitmq-server."
            )
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], check=True, capture_output=True, env=environment)
        subprocess.run(
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "rabbitmq-server"],
            check=True,
            capture_output=True,
            env=environment,
        )
        found = _find_scripts()
    assert found is not None, "rabbitmq-server is installed, but its scripts are nowhere"
    return found


def _find_scripts() -> Path | None:
    homes = [*Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin"), *Path("/opt").glob("rabbitmq*/sbin")]
    onpath = shutil.which("rabbitmq-server")
    scripts = [*homes, *([Path(onpath).resolve().parent] if onpath else [])]
    return next((each for each in scripts if (each / "rabbitmq-server").exists()), None)


class PrivateRabbit:
    """A RabbitMQ node of its own: own ports, data, name and port mapper, all gone at the end of a block."""

    def __init__(self) -> None:
        self.port, self.management_port = free_port(), free_port()
        self.was_stopped = False
        self._home = Path(tempfile.mkdtemp(prefix="clerk-rabbitmq-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._environment: dict[str, str] = {}
        self._scripts = _rabbitmq_scripts()

    @property
    def url(self) -> str:
        """The AMQP URL."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}/"

    @property
    def management(self) -> str:
        """The URL of the management API."""
        return f"http://guest:guest@127.0.0.1:{self.management_port}"

    def __enter__(self) -> "PrivateRabbit":
        home = self._home
        (home / "enabled_plugins").write_text("[rabbitmq_management].\n")
        (home / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\n"
            f"management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {self.management_port}\n"
            "log.console = false\nlog.file.level = warning\ndisk_free_limit.absolute = 50MB\n"
            "collect_statistics_interval = 1000\n"
        )
        self._environment = {
            **os.environ,
            "HOME": str(home),
            "ERL_EPMD_PORT": str(free_port()),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"clerk-{self.port}@localhost",
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(home / "data"),
            "RABBITMQ_LOG_BASE": str(home / "log"),
            "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "enabled_plugins"),
            "RABBITMQ_PID_FILE": str(home / "pid"),
            "RABBITMQ_CONF_ENV_FILE": str(home / "none"),
        }
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self.kill()
        wait_until(self._has_no_port_mapper, "the port mapper ends", 30)
        shutil.rmtree(self._home, ignore_errors=True)

    def _has_no_port_mapper(self) -> bool:
        """End epmd, which refuses that until it has noticed that the node is gone."""
        told = subprocess.run(["epmd", "-kill"], env=self._environment, capture_output=True, check=False)
        return b"Killed" in told.stdout or b"Cannot connect" in told.stderr

    def start(self) -> None:
        """Start the node and return once it accepts connections."""
        with (self._home / "start.log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._scripts / "rabbitmq-server"],
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_until(self._accepts, "RabbitMQ accepts connections", 90)

    def stop(self) -> None:
        """Stop the node cleanly; its data stays."""
        self.was_stopped = True
        assert self._process is not None
        self._process.terminate()
        self._process.wait(90)
        self._process = None

    def kill(self) -> None:
        """End the node at once."""
        assert self._process is not None
        self.was_stopped = True
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(30)
        self._process = None

    def control(self, *arguments: str) -> str:
        """Run rabbitmqctl on this node."""
        done = subprocess.run(
            [self._scripts / "rabbitmqctl", *arguments],
            env=self._environment,
            capture_output=True,
            check=False,
            timeout=300,
        )
        return (done.stdout + done.stderr).decode()

    def _accepts(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._home / "start.log").read_text()
        try:
            pika.BlockingConnection(pika.URLParameters(self.url)).close()
        except (pika.exceptions.AMQPError, OSError):
            return False
        return True


def empty(amqp_url: str) -> None:
    """Delete every queue of Clerk's, as if the broker were new."""
    connection = pika.BlockingConnection(pika.URLParameters(amqp_url))
    channel = connection.channel()
    for queue in QUEUES:
        for name in declarations(queue):
            channel.queue_delete(name)
    channel.queue_delete(LAYOUT.claims)
    connection.close()


def made_new(rabbit: PrivateRabbit) -> None:
    """Make a node as if it were new: it has no queue of Clerk's, whatever a test did to it.

    After a stop it forgets everything. RabbitMQ 3.10 does not survive that quorum queues are deleted while it recovers
    them: then it refuses all of them (541, INTERNAL_ERROR), for good.
    """
    if not rabbit.was_stopped:
        empty(rabbit.url)
        return
    for command in ("stop_app", "force_reset", "start_app"):
        rabbit.control(command)
    rabbit.was_stopped = False


def depths(amqp_url: str) -> dict[str, int]:
    """How many messages are ready in each queue that exists."""
    connection = pika.BlockingConnection(pika.URLParameters(amqp_url))
    found: dict[str, int] = {}
    for queue in QUEUES:
        for name in declarations(queue):
            channel = connection.channel()
            try:
                found[name] = channel.queue_declare(name, passive=True).method.message_count
            except pika.exceptions.ChannelClosedByBroker:
                continue
            channel.close()
    connection.close()
    return found


def consumers(amqp_url: str, queue: str) -> int:
    """How many consumers a queue has; 0 if the broker can't be asked."""
    try:
        connection = pika.BlockingConnection(pika.URLParameters(amqp_url))
        found: int = connection.channel().queue_declare(queue, passive=True).method.consumer_count
        connection.close()
    except pika.exceptions.AMQPError:
        return 0
    return found


# -- MongoDB ----------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def mongodb() -> Iterator[BackingServer]:
    """A MongoDB for the whole run, its URL without a database."""
    if url := os.environ.get("CLERK_TEST_MONGO_URL"):
        yield BackingServer(url, "MongoDB of CLERK_TEST_MONGO_URL")
    elif docker_answers():
        from testcontainers.mongodb import MongoDbContainer

        with MongoDbContainer("mongo:8") as container:
            yield BackingServer(container.get_connection_url(), "MongoDB 8 in a container")
    else:
        with tempfile.TemporaryDirectory(prefix="clerk-mongo-") as folder:
            serving = subprocess.Popen(
                [sys.executable, "-m", "tests.embedded_mongo", folder],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            assert serving.stdin is not None
            assert serving.stdout is not None
            url = serving.stdout.readline().decode().strip()
            try:
                yield BackingServer(url, "the embedded MongoDB wire server")
            finally:
                serving.communicate(timeout=30)


def database(server_url: str, name: str) -> str:
    """The URL of one database of a server."""
    return _at_path(server_url, name)


# -- processes of Clerk -----------------------------------------------------------------------------------------------


def descendants(pid: int) -> Iterator[int]:
    """The processes that a process has started, and theirs, as Linux's /proc has them."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in (thread / "children").read_text().split():
                yield int(child)
                yield from descendants(int(child))


def end(pids: Iterable[int]) -> None:
    """End processes with SIGKILL; those that are gone already are fine."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


class Program:
    """A program of Clerk's as a process of its own, its output in test-artefacts/."""

    def __init__(self, name: str, arguments: list[str], environment: Mapping[str, str], folder: Path = ROOT) -> None:
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        self.name, self._folder = name, folder
        self.log = ARTEFACTS / f"{name}.log"
        self._arguments = [sys.executable, *arguments]
        self._environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("CLERK_")},
            **environment,
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process's id, which is also its group's."""
        assert self._process is not None
        return self._process.pid

    @property
    def status(self) -> int | None:
        """The exit status; None while it runs."""
        assert self._process is not None
        return self._process.poll()

    def start(self) -> "Program":
        """Start it, in a process group of its own."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._arguments, cwd=self._folder, env=self._environment, stdout=log, stderr=log, start_new_session=True
            )
        return self

    def terminate(self, within: float = 120.0) -> int:
        """Send SIGTERM and wait for the end; the exit status."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(within)

    def kill(self) -> None:
        """End it and all processes that it started, at once."""
        assert self._process is not None
        end([*descendants(self._process.pid), self._process.pid])
        self._process.wait(20)

    def stop(self) -> None:
        """End it if it still runs."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(120)
            except subprocess.TimeoutExpired:
                self.kill()

    def output(self) -> str:
        """Everything it printed."""
        return self.log.read_text(errors="replace")


@functools.cache
def _asking() -> httpx.Client:
    """One client for all who wait for a server."""
    return httpx.Client(trust_env=False, verify=PLAIN, limits=httpx.Limits(max_keepalive_connections=0))


def asked(url: str, headers: Mapping[str, str] | None = None, within: float = 30) -> httpx.Response:
    """The answer to an HTTP GET."""
    return _asking().get(url, headers=headers, timeout=within)


def answers(url: str) -> bool:
    """Whether an HTTP GET is answered with 200."""
    try:
        return asked(url, within=5).status_code == 200
    except httpx.HTTPError:
        return False
