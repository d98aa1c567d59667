"""Each variable, wrong in every way: one sentence names it and says what it must be, and shows no secret."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from messages.process.settings import Misconfigured, Settings
from messages.process.telemetry import ENDPOINTS
from messages.process.variables import secret_variables, unknown, variable
from ops.cli import COMMANDS
from ops.environment import load_settings
from ops.settings import OpsSettings
from tests.commands import clerk_in_process

AMQP: Final = (
    *("rabbit:5672", "https://clerk:zebrawolf@rabbit", "amqp://", "amqp://:5672/", "amqp:clerk"),
    *("amqp://clerk:zebra/wolf@rabbit:5672/", "amqp://clerk:zebra#wolf@rabbit/", "amqp://clerk:zebra?wolf@rabbit/"),
    *("amqp://clerk@rabbit/", "amqp://rabbit:99999/", "amqp://rabbit:0/", "amqp://rabbit:zebrawolf/", "amqp://[::1/"),
    *("amqp://::1:5672/", "amqp://[rabbit]/", "amqp://rabbit:5672//", "amqp://rabbit/one/two", "amqp://rabbit /"),
    *(
        "amqp://one:5672,two:5672/",
        "amqp://one/;rabbit:5672",
        "amqp://rabbit/?zebrawolf=1",
        "amqp://rabbit/?heartbeat=x",
    ),
    *("amqp://rabbit/?heartbeat=1&heartbeat=2", "amqp://rabbit/?ssl_options=zebrawolf"),
)
MONGO: Final = (
    *("mongo:27017", "mongodb://", "mongodb:///clerk", "http://mongo", "mongodb://clerk:zebra@wolf@mongo/clerk"),
    *("mongodb://clerk:zebra/wolf@mongo", "mongodb://clerk:zebra#wolf@mongo", "mongodb://clerk:zebra:wolf@mongo"),
    *("mongodb://clerk:zebrawolf%@mongo", "mongodb://:zebrawolf@mongo", "mongodb://mongo:99999/", "mongodb://mongo:x/"),
    *("mongodb://::1/", "mongodb://[::1/", "mongodb://mongo,/clerk", "mongodb://mongo/my db", "mongodb://mongo/a$b"),
    *("mongodb://mongo/?tls=maybe", "mongodb://mongo/?readPreference=nearestt", "mongodb://mongo/?tls"),
    *("mongodb://mongo/?tlsCAFile=/nonexistent", "mongodb://mongo/?connectTimeoutMS=soon", "mongodb://mongo/?w=-1"),
    *("mongodb+srv://mongo.example.org:27017/", "mongodb+srv://one.example.org,two.example.org/"),
    *("mongodb://mongo/?tls=true&tlsInsecure=true&tlsAllowInvalidCertificates=true", "mongodb://clerk:p@ss/w#rd@mongo"),
)
URLS: Final = (
    *("clerk.example.org", "ftp://clerk.example.org", "https://", "https://:443", "https://clerk.example.org:99999"),
    *("https://clerk:zebrawolf@example.org", "https://clerk.example.org?x", "https://clerk.example.org#x"),
    *("http://[::1", "http://[rabbit]", "http://::1:80", "https://a b", "https://clerk.example.org:http"),
)
SECONDS: Final = ("soon", "-1", "0", "nan", "inf", "1e9", "3 minutes")
LINE: Final = ("zebra\nwolf", "zebra\x1bwolf", "\x7f")
SECRET: Final = ("zebra wolf", "zebra\nwolf", "zebrawolf\u2026")

WRONG: Final[dict[str, tuple[str, ...]]] = {
    "CLERK_AMQP_URL": AMQP,
    "CLERK_MONGO_URL": MONGO,
    "CLERK_DATA_DIR": (),  # what may be wrong with it is on the disk: tests/wire/ops/starting/test_data_folder.py
    "CLERK_HOST": ("http://localhost", "localhost:8080", "a b", "0.0.0.0/0", "::1::", "[localhost]:80"),
    "CLERK_PORT": ("80a", "0", "65536", "-1", "8080.5", "tcp://10.0.0.7:80"),
    "CLERK_PUBLIC_URL": URLS,
    "CLERK_TWILIO_ACCOUNT_SID": ("AC 1", "AC/1", "AC…"),
    "CLERK_TWILIO_AUTH_TOKEN": LINE,
    "CLERK_TWILIO_API_URL": URLS,
    "CLERK_SLACK_BOT_TOKEN": SECRET,
    "CLERK_SLACK_SIGNING_SECRET": LINE,
    "CLERK_SLACK_API_URL": URLS,
    "CLERK_LINES": ("foo", "+15550001111", "+15550001111=general", "+15550001111=C0ABC,+15550001111=C0DEF"),
    "CLERK_DEBOUNCE_SECONDS": SECONDS,
    "CLERK_DEBOUNCE_CAP_SECONDS": (*SECONDS, "10"),
    "CLERK_SOLVED_FOR_HOURS": (*SECONDS, "0.5", "673"),
    "CLERK_HOLD_SECONDS": ("soon", "-1", "nan", "30.5"),
    "CLERK_CLOCK_SECONDS": (*SECONDS, "301"),
    "CLERK_RECONCILE_SECONDS": SECONDS,
    "CLERK_OPS_TOKEN": LINE,
    "CLERK_LOG_FORMAT": ("xml", "JSON"),
    "CLERK_SANDBOX": ("perhaps", "2"),
    "HTTP_PROXY": ("socks5://clerk:zebrawolf@proxy:1080", "http://", "http://proxy:0", "ftp://proxy", "a b"),
    "HTTPS_PROXY": ("socks5://clerk:zebrawolf@proxy:1080", "http://proxy:zebrawolf"),
    "NO_PROXY": (),  # any text is right: what names no host covers none
    "CLERK_MANAGEMENT_URL": (
        *("rabbit:15672", "ftp://rabbit", "http://", "http://rabbit:99999", "http://clerk:zebra/wolf@rabbit"),
        *("http://[::1", "http://rabbit?x", "http://clerk:zebra@wolf/@rabbit"),
    ),
    "CLERK_METRICS_PORT": ("80a", "0", "65536"),
    "CLERK_TRAIL_DAYS": ("soon", "-1", "366", "nan"),
}
"""Values that are wrong, by variable. An empty row says why it has none."""

RIGHT: Final = {
    "CLERK_AMQP_URL": (
        *(
            "amqp://rabbit",
            "amqps://clerk:sw%2Frd@rabbit:5671/%2F",
            "amqp://clerk:p@ss:w@rabbit:5672/",
            "amqp://[::1]/v",
        ),
        *(
            "amqp://clerk:a@[fe80::1]:5672/?heartbeat=30",
            "amqp://u:p@one:5672/v;amqp://u:p@two:5672/v",
            "AMQP://rabbit",
        ),
    ),
    "CLERK_MONGO_URL": (
        *("mongodb://mongo", "mongodb://clerk:sw%40rd@mongo:27017/clerk?authSource=admin&retryWrites=true&w=majority"),
        *("mongodb://[::1]:27017,[::2]/x?replicaSet=rs0", "mongodb://one,two:27018,three/?readPreference=nearest"),
        *("mongodb+srv://clerk:zebrawolf@cluster.example.org/clerk", "mongodb://%2Ftmp%2Fmongodb-27017.sock/clerk"),
        *("mongodb://mongo?tls=true", "mongodb://mongo/?ssl=false&appName=clerk"),
    ),
    "CLERK_TWILIO_AUTH_TOKEN": ("a key of another kind, älter",),
    "CLERK_SLACK_SIGNING_SECRET": ("a key of another kind, älter",),
    "CLERK_HOST": ("0.0.0.0", "::", "::1", "[::1]", "clerk_gateway.internal", "fe80::1%eth0"),
    "CLERK_MANAGEMENT_URL": ("http://[::1]:15672", "https://clerk:sw%2Frd@rabbit/api-behind"),
}
"""Values that are easily refused by mistake."""


@pytest.fixture(autouse=True)
def no_environment() -> Iterator[None]:
    before = dict(os.environ)
    for name in list(os.environ):
        if name.startswith(("CLERK_", "OTEL_")) or name.upper().endswith("_PROXY"):
            del os.environ[name]
    yield
    os.environ.clear()
    os.environ.update(before)


def test_every_variable_has_a_row() -> None:
    assert set(WRONG) == {variable(name) for kind in (Settings, OpsSettings) for name in kind.model_fields}


OF_TELEMETRY: Final = dict.fromkeys(ENDPOINTS, ("collector:4318", "grpc://collector"))
"""These are OpenTelemetry's variables, which no model of settings has."""


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in (WRONG | OF_TELEMETRY).items() for value in values]
)
def test_a_wrong_variable_is_one_sentence_that_names_it_and_shows_no_secret(name: str, value: str) -> None:
    os.environ[name] = value
    with pytest.raises(Misconfigured) as caught:
        load_settings()
    told = str(caught.value)
    assert told.startswith(f"{name}: " if "CAP_SECONDS must" not in told else name)
    assert "\n" not in told
    hidden = ("zebra", "wolf", "p@ss", "w#rd", "Value error", "Input should be", "Traceback")
    assert [each for each in hidden if each in told] == []


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in RIGHT.items() for value in values])
def test_what_servers_take_is_taken(name: str, value: str) -> None:
    os.environ[name] = value
    load_settings()


@pytest.mark.parametrize("command", sorted(set(COMMANDS) - {"import", "health"}))
def test_every_command_that_reads_variables_says_which_is_wrong_and_ends_with_2(command: str, tmp_path: Path) -> None:
    arguments = {
        "lines": ("list",),
        "calendars": ("list",),
        "planned": ("list",),
        "sla": ("list",),
        "agents": ("list",),
        "peek": ("slack",),
        "dead": ("list",),
        "trace": ("#1",),
        "export": (str(tmp_path / "out.jsonl"),),
    }
    for wrong in ({"CLERK_PORT": "zebrawolf"}, {"CLERK_MONGO_URL": "mongodb://clerk:zebra@wolf@127.0.0.1:1/clerk"}):
        told = clerk_in_process({**wrong, "CLERK_DATA_DIR": str(tmp_path)}, command, *arguments.get(command, ()))
        (name,) = wrong
        assert (told.returncode, told.stderr.startswith(f"{name}: ")) == (2, True), told
        assert "zebra" not in told.stdout + told.stderr


@pytest.mark.parametrize("name", sorted(secret_variables(Settings)))
def test_a_secret_may_be_in_a_file(name: str, tmp_path: Path) -> None:
    file, setting = tmp_path / "secret", secret_variables(Settings)[name]
    value = {"amqp_url": "amqp://u:p@rabbit/", "mongo_url": "mongodb://u:p@mongo/"}.get(setting, "zebrawolf")
    file.write_text(f"{value}\n")
    os.environ[name] = str(file)
    found = Settings.load()
    assert getattr(found, setting).get_secret_value() == value
    assert setting in found.model_fields_set
    assert unknown(os.environ, [Settings]) == {}


@pytest.mark.parametrize("harm", ["missing", "empty", "a folder", "no text", "both"])
def test_a_secrets_file_that_cannot_be_used_is_named(harm: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    if harm == "a folder":
        file.mkdir()
    elif harm != "missing":
        file.write_bytes({"empty": b" \n", "no text": b"\xff\xfe"}.get(harm, b"zebrawolf"))
    os.environ["CLERK_SLACK_BOT_TOKEN_FILE"] = str(file)
    if harm == "both":
        os.environ["CLERK_SLACK_BOT_TOKEN"] = "xoxb-1"
    with pytest.raises(Misconfigured, match=r"^CLERK_SLACK_BOT_TOKEN_FILE: ") as caught:
        load_settings()
    assert "\n" not in str(caught.value)
    assert "zebrawolf" not in str(caught.value)


def test_a_variable_that_nothing_reads_is_named_with_what_was_meant() -> None:
    environment = {
        "CLERK_PRT": "80",
        "CLERK_SLACK_TOKEN": "x",
        "CLERK_ZZZ": "1",
        "CLERK_PORT": "80",
        "clerk_host": "::",
    }
    found = unknown(environment, (Settings, OpsSettings))
    assert found == {"CLERK_PRT": "CLERK_PORT", "CLERK_SLACK_TOKEN": "CLERK_SLACK_BOT_TOKEN", "CLERK_ZZZ": ""}


def test_a_command_names_what_it_does_not_read_and_goes_on(tmp_path: Path) -> None:
    told = clerk_in_process({"CLERK_MOGO_URL": "mongodb://mongo", "CLERK_DATA_DIR": str(tmp_path)}, "lines", "list")
    expected = "CLERK_MOGO_URL: Clerk reads no variable of this name. Did you mean CLERK_MONGO_URL?\n"
    assert (told.returncode, told.stderr) == (0, expected)


def test_variables_that_others_set_are_not_named() -> None:
    of_kubernetes = {
        "CLERK_SERVICE_HOST": "10.0.0.7",
        "CLERK_GATEWAY_SERVICE_PORT": "80",
        "CLERK_GATEWAY_SERVICE_PORT_HTTP": "80",
        "CLERK_GATEWAY_PORT": "tcp://10.0.0.7:80",
        "CLERK_GATEWAY_PORT_80_TCP_ADDR": "10.0.0.7",
        "CLERK_RABBITMQ_PASSWORD": "zebrawolf",
    }
    assert unknown(of_kubernetes, (Settings, OpsSettings)) == {}
