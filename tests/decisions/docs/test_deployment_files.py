"""The files that deploy Clerk say what the code says."""

import re
import tomllib
from configparser import ConfigParser
from typing import Any, Final

import pytest
import yaml

from messages.process.settings import SANDBOX, Settings, variable
from messages.queues import QUEUES
from ops.cli import app
from ops.running.supervisor import GRACE
from ops.settings import OpsSettings
from tests.servers import ROOT

type Service = dict[str, Any]

COMPOSE: Final[dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: Final[dict[str, Service]] = COMPOSE["services"]
OURS: Final = ("gateway", "worker", "interactive", "clock")
SERVERS: Final = ("rabbitmq", "mongo")
KILLED_AFTER: Final = GRACE + 5
"""Seconds after SIGTERM in which a worker ends by itself."""
DOCKERFILE: Final = (ROOT / "Dockerfile").read_text()
VARIABLES: Final = {
    *(variable(name) for name in (*Settings.model_fields, *OpsSettings.model_fields)),
    "OTEL_EXPORTER_OTLP_ENDPOINT",
}

USED: Final = re.compile(r"\$\{(\w+)(:[-?])?")


def of_example() -> set[str]:
    return set(re.findall(r"^#?((?:CLERK_|OTEL_|HTTPS?_|NO_)\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))


def seconds(duration: str) -> int:
    assert re.fullmatch(r"\d+s", duration)
    return int(duration.removesuffix("s"))


def queues_of(service: str) -> list[str]:
    command = SERVICES[service]["command"]
    found: str = command[command.index("--queues") + 1]
    return found.split(",")


def test_compose_starts_the_servers_and_every_part_of_clerk() -> None:
    assert set(SERVICES) == {*OURS, *SERVERS}
    assert SERVICES["rabbitmq"]["image"] == "rabbitmq:4-management"
    assert SERVICES["mongo"]["image"] == "mongo:8"


@pytest.mark.parametrize("service", OURS)
def test_the_command_of_a_service_is_one_that_clerk_takes(service: str) -> None:
    command, bound, _ = app.parse_args(SERVICES[service]["command"], exit_on_error=False, print_error=False)
    expected = {"interactive": "worker"}.get(service, service)
    assert command.__name__ == expected
    assert bound is not None


def test_the_workers_together_serve_every_queue_and_clicks_have_a_worker_of_their_own() -> None:
    assert queues_of("interactive") == ["interactive"]
    assert sorted([*queues_of("worker"), "interactive"]) == sorted(QUEUES)


@pytest.mark.parametrize("service", OURS)
def test_a_service_has_every_setting_and_none_that_clerk_does_not_read(service: str) -> None:
    unoffered = {"CLERK_DATA_DIR", "CLERK_MANAGEMENT_URL", "CLERK_SANDBOX"}
    assert set(SERVICES[service]["environment"]) == VARIABLES - unoffered


def test_nothing_starts_with_a_secret_missing() -> None:
    secrets = {f"CLERK_{name.upper()}" for name in SANDBOX} | {"CLERK_OPS_TOKEN", "CLERK_PUBLIC_URL"}
    environment = SERVICES["gateway"]["environment"]
    assert {name for name in secrets if not environment[name].startswith(f"${{{name}:?")} == set()
    assert environment["CLERK_AMQP_URL"].startswith("amqp://clerk:${CLERK_RABBITMQ_PASSWORD:?")
    assert environment["CLERK_MONGO_URL"].startswith("mongodb://clerk:${CLERK_MONGO_PASSWORD:?")


def test_the_example_environment_has_every_variable_of_clerk_and_of_compose() -> None:
    of_compose = {name for name, _ in USED.findall((ROOT / "docker-compose.yml").read_text())}
    assert of_compose | VARIABLES == of_example()


def test_the_defaults_in_the_example_are_those_of_the_code() -> None:
    example = dict(re.findall(r"^(CLERK_\w+)=(.+)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
    for name in ("port", "debounce_seconds", "debounce_cap_seconds", "solved_for_hours", "clock_seconds"):
        assert float(example[f"CLERK_{name.upper()}"]) == Settings.model_fields[name].default


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_is_watched_and_started_again(service: str) -> None:
    found = SERVICES[service]
    assert found["restart"] == "unless-stopped"
    assert found["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}
    assert found["healthcheck"]["start_period"]


@pytest.mark.parametrize("service", OURS)
def test_clerk_waits_for_servers_that_are_well(service: str) -> None:
    assert SERVICES[service]["depends_on"] == {each: {"condition": "service_healthy"} for each in SERVERS}


@pytest.mark.parametrize(("service", "server"), [("worker", 5672), ("interactive", 5672), ("clock", 27017)])
def test_a_part_without_a_port_is_well_while_it_is_connected(service: str, server: int) -> None:
    look = SERVICES[service]["healthcheck"]["test"][1]
    assert look == f"grep -q ':{server:04X} 01 ' /proc/net/tcp"


@pytest.mark.parametrize("service", ["worker", "interactive"])
def test_a_worker_may_finish_what_it_has_in_hand(service: str) -> None:
    assert seconds(SERVICES[service]["stop_grace_period"]) >= KILLED_AFTER + 5


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_can_be_multiplied_and_is_published_to_this_machine_alone(service: str) -> None:
    assert "container_name" not in SERVICES[service]
    ports = SERVICES[service].get("ports", [])
    assert all(port.startswith("127.0.0.1:") for port in ports)
    if service in {"worker", "interactive", "clock", "mongo"}:
        assert ports == []


def test_what_must_survive_is_on_volumes() -> None:
    mounted = {service: SERVICES[service]["volumes"] for service in SERVERS}
    assert mounted == {"rabbitmq": ["rabbitmq:/var/lib/rabbitmq"], "mongo": ["mongo:/data/db"]}
    assert set(COMPOSE["volumes"]) == set(SERVERS)
    assert SERVICES["rabbitmq"]["hostname"] == "rabbitmq"


def test_the_image_has_every_package_and_only_what_the_locks_name() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        packages = tomllib.load(file)["tool"]["setuptools"]["packages"]["find"]["include"]
    copied = set(re.findall(r"^COPY (\w+) \1$", DOCKERFILE, re.MULTILINE))
    assert copied == {package.removesuffix("*") for package in packages}
    installs = [line for line in DOCKERFILE.splitlines() if "pip install" in line]
    assert installs and all("--require-hashes" in line or "--no-index" in line for line in installs)
    assert "--no-build-isolation" in DOCKERFILE


def test_the_image_runs_clerk_as_an_unprivileged_user() -> None:
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    assert last.startswith("python:3.13-slim")
    assert "\nUSER clerk\n" in last
    assert 'ENTRYPOINT ["clerk"]' in last


def test_the_image_is_built_from_what_is_let_in() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {
        each for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE) for each in line.split()[:-1]
    }
    assert copied == let_in


def test_the_systemd_unit_lets_a_worker_finish_and_does_not_start_again_what_is_set_wrong() -> None:
    unit = ConfigParser(strict=False, interpolation=None)
    unit.read(ROOT / "deploy" / "clerk@.service")
    service = unit["Service"]
    assert int(service["TimeoutStopSec"]) >= KILLED_AFTER + 5
    assert service["Restart"] == "always"
    assert service["RestartPreventExitStatus"] == "2"
    assert service["DynamicUser"] == "yes"
    assert service["ExecStart"].endswith("/clerk %i")
    enabled = re.findall(r"^systemctl enable --now (.+)$", (ROOT / "README.md").read_text(), re.MULTILINE)
    parts = [part.removeprefix("clerk@") for line in enabled for part in line.split()]
    assert [app.parse_args([part], exit_on_error=False, print_error=False)[0].__name__ for part in parts] == parts
