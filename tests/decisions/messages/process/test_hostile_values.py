"""Whatever a variable holds, it is taken by what uses it, or refused in one sentence that shows no secret."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messages.process.host_names import can_be_host
from messages.process.settings import Misconfigured, Settings
from messages.process.telemetry import ENDPOINTS
from messages.process.variables import secret_variables, variable
from ops.environment import load_settings
from ops.settings import OpsSettings
from tests.commands import clerk_in_process

SECRET: Final = "zebrawolf"
NAMES: Final = (
    *(variable(name) for kind in (Settings, OpsSettings) for name in kind.model_fields),
    *secret_variables(Settings),
    *ENDPOINTS,
)
MANY_X: Final = "x" * 70_000
PIECES: Final = (
    *("", "  ", "\n", "\t", "\x1b[31m", "\x7f", "\u200b", "\ufeff", "é", "\udcff", "9" * 5000, MANY_X, "a" * 64),
    *("１２", "٣", "-1", "0", "00080", "+8080", "8_0", "0x50", "1e3", "1E400", "NaN", "-inf", "true", "yes", "json"),
    *("%", "%zz", "%00", "@", ":", "/", "//", "?", "#", ";", ",", "[", "]", "*", ".", "..", "-", "/a b", "/%2F"),
    *("host", "ho_st", "host..x", "bücher.example", "10.0.0.1", "999.1.1.1", "::1", "[::1]", "[fe80::1%eth0]"),
    *("http://", "HTTPS://", "amqp://", "amqps://", "mongodb://", "mongodb+srv://", "redis://", "file:///etc/passwd"),
    *(f"u:{SECRET}@", f"{SECRET}@", f"u:p@{SECRET}@", f"u:{SECRET}/x@", f"u:{SECRET}#x@", f"?password={SECRET}"),
    *(":65535", ":65536", ":0", ":-1", ":٣", "?heartbeat=-1", "?tls=true", "?w=9999999999999", "?replicaSet="),
    *("?authMechanism=NOPE", "?directConnection=true&replicaSet=x", "?compressors=zlib", "/clerk", "/a/b"),
    *("+15550001111=C0ABC", "+١٥٥٥=C0ABC", "+15550001111="),
)
HOSTS: Final = st.lists(st.sampled_from([*"a-_.", "host", "é", "１２", "9", "x" * 60, "10.0.0.1"]), max_size=6).map(
    "".join
)
SHOWN: Final = frozenset({"CLERK_LINES", "CLERK_DATA_DIR", "NO_PROXY"})
"""Variables that hold no secret, and whose wrong part is shown."""


@pytest.fixture(autouse=True)
def no_environment() -> Iterator[None]:
    before = dict(os.environ)
    for name in list(os.environ):
        if name.startswith(("CLERK_", "OTEL_")) or name.upper().endswith("_PROXY"):
            del os.environ[name]
    yield
    os.environ.clear()
    os.environ.update(before)


@settings(max_examples=200)
@given(name=st.sampled_from(NAMES), value=st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("".join))
def test_any_value_of_any_variable_is_taken_or_one_short_sentence(name: str, value: str) -> None:
    os.environ[name] = value
    try:
        load_settings()
    except Misconfigured as error:
        told = str(error)
        assert name in told.split(" ")[0] or "CAP_SECONDS must" in told
        assert "\n" not in told
        assert "\x1b" not in told
        assert len(told) < 500
        assert name in SHOWN or SECRET not in told
    finally:
        del os.environ[name]


@given(host=HOSTS)
def test_what_can_be_a_host_can_be_looked_up_and_be_in_a_url(host: str) -> None:
    if can_be_host(host):
        host.encode("idna")
        assert httpx.URL(f"http://{host}:80/").host == host.lower()


@pytest.mark.parametrize("host", ["host..x", ".host", "a" * 64, "a." * 127 + "xy", "bücher.example", "１２", ""])
def test_a_name_that_no_client_can_look_up_is_no_host(host: str) -> None:
    assert not can_be_host(host)


@pytest.mark.parametrize(
    "host", ["localhost", "rabbit_1.internal", "xn--bcher-kva.example", "example.org.", "10.0.0.1"]
)
def test_names_as_dns_and_docker_have_them_are_hosts(host: str) -> None:
    assert can_be_host(host)


@pytest.mark.parametrize(
    ("name", "value", "command"),
    [
        ("CLERK_AMQP_URL", f"amqp://u:{SECRET}@host..x/", ("queues",)),
        ("CLERK_MONGO_URL", f"mongodb://u:{SECRET}@{'a' * 64}.example.org/", ("lines", "list")),
        ("CLERK_HOST", "host..x", ("gateway",)),
        ("CLERK_MANAGEMENT_URL", f"http://u:{SECRET}@host..x", ("doctor",)),
        ("CLERK_SLACK_BOT_TOKEN_FILE", f"xoxb-{SECRET}", ("worker",)),
    ],
)
def test_a_command_ends_with_2_and_one_sentence(
    name: str, value: str, command: tuple[str, ...], tmp_path: Path
) -> None:
    told = clerk_in_process({name: value, "CLERK_DATA_DIR": str(tmp_path)}, *command)
    assert (told.returncode, told.stderr.count("\n"), told.stdout) == (2, 1, "")
    assert told.stderr.startswith(f"{name}: ")
    assert SECRET not in told.stderr
