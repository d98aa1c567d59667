"""docker-compose.yml: each service gets what it needs and no more, and every part of Clerk can be multiplied."""

import json
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest
import yaml

from messages.process.settings import SANDBOX, Settings, variable
from messages.queues import QUEUES, declarations
from ops.broker import LAYOUT
from ops.cli import app
from ops.health.sign import KINDS
from ops.running.supervisor import GRACE
from ops.settings import OpsSettings
from tests.servers import ROOT

type Service = dict[str, Any]

FILE: Final = ROOT / "docker-compose.yml"
COMPOSE: Final[dict[str, Any]] = yaml.safe_load(FILE.read_text())
SERVICES: Final[dict[str, Service]] = COMPOSE["services"]
OURS: Final = KINDS
SERVERS: Final = ("rabbitmq", "mongo")
MONITORING: Final = ("prometheus", "grafana")
KILLED_AFTER: Final = GRACE + 5
"""Seconds after SIGTERM in which a worker ends by itself."""
TRACES: Final = {"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_RESOURCE_ATTRIBUTES"}
VARIABLES: Final = {*(variable(name) for name in (*Settings.model_fields, *OpsSettings.model_fields)), *TRACES}

USED: Final = re.compile(r"\$\{(\w+)(?:(:[-?])([^${}]*))?\}")
"""A variable in the file; what stands for it if it is missing may hold others, which are replaced before."""

FILLED_IN: Final = {
    "CLERK_PUBLIC_URL": "https://clerk.example.org",
    "CLERK_TWILIO_ACCOUNT_SID": "AC1",
    "CLERK_TWILIO_AUTH_TOKEN": "a",
    "CLERK_SLACK_BOT_TOKEN": "xoxb-1",
    "CLERK_SLACK_SIGNING_SECRET": "b",
    "CLERK_OPS_TOKEN": "c",
    "CLERK_RABBITMQ_PASSWORD": "d",
    "CLERK_MONGO_PASSWORD": "e",
    "CLERK_RABBITMQ_ADMIN_PASSWORD": "f",
    "CLERK_MONGO_ROOT_PASSWORD": "g",
}
"""What must be set in .env."""


def example() -> dict[str, str]:
    """The variables of .env.example, with what they have there."""
    found = re.findall(r"^((?:CLERK_|OTEL_|HTTPS?_|NO_)\w+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE)
    return dict(found)


def offered() -> set[str]:
    """The variables that .env.example names, those behind a # as well."""
    return set(re.findall(r"^#?((?:CLERK_|OTEL_|HTTPS?_|NO_)\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))


def given(text: str, environment: dict[str, str]) -> str:
    """A text of the file with its variables replaced, as https://docs.docker.com/reference/compose-file/interpolation."""

    def value(match: re.Match[str]) -> str:
        name, operator, other = match.groups()
        found = environment.get(name, "")
        assert found or operator != ":?", f"{name}: {other}"
        return found or (other if operator == ":-" else "")

    while USED.search(text):
        text = USED.sub(value, text)
    return text


def environment_of(service: str, **more: str) -> dict[str, str]:
    """What a service finds in its environment once .env.example is filled in."""
    filled_in = {**example(), **FILLED_IN, **more}
    return {name: given(value, filled_in) for name, value in SERVICES[service].get("environment", {}).items()}


def seconds(duration: str) -> int:
    assert re.fullmatch(r"\d+s", duration)
    return int(duration.removesuffix("s"))


def queues_of(service: str) -> list[str]:
    command = SERVICES[service]["command"]
    found: str = command[command.index("--queues") + 1]
    return found.split(",")


def test_it_is_what_the_specification_of_compose_files_allows() -> None:
    found = find_spec("check_jsonschema")
    if found is None or found.origin is None:
        pytest.skip("check-jsonschema, which brings the schema of compose files, is not installed")
    schema = Path(found.origin).parent / "builtin_schemas" / "vendor" / "compose-spec.json"
    jsonschema.validate(COMPOSE, json.loads(schema.read_text()))


def test_it_starts_a_proxy_the_servers_and_every_part_of_clerk_and_monitoring_only_if_asked() -> None:
    assert set(SERVICES) == {"proxy", *OURS, *SERVERS, *MONITORING}
    assert {name for name, service in SERVICES.items() if service.get("profiles")} == set(MONITORING)
    assert all(SERVICES[name]["profiles"] == ["monitoring"] for name in MONITORING)


@pytest.mark.parametrize("service", OURS)
def test_the_command_of_a_service_is_one_that_clerk_takes(service: str) -> None:
    command, bound, _ = app.parse_args(SERVICES[service]["command"], exit_on_error=False, print_error=False)
    assert command.__name__ == {"interactive": "worker"}.get(service, service)
    assert bound is not None


@pytest.mark.parametrize("service", OURS)
def test_a_part_of_clerk_is_well_while_clerk_says_so(service: str) -> None:
    assert SERVICES[service]["healthcheck"]["test"] == ["CMD", "clerk", "health", service]


def test_the_workers_together_serve_every_queue_and_clicks_have_a_worker_of_their_own() -> None:
    assert queues_of("interactive") == ["interactive"]
    assert sorted([*queues_of("worker"), "interactive"]) == sorted(QUEUES)


@pytest.mark.parametrize("service", OURS)
def test_a_service_has_every_setting_and_none_that_clerk_does_not_read(service: str) -> None:
    unoffered = {"CLERK_DATA_DIR", "CLERK_SANDBOX"}
    assert set(SERVICES[service]["environment"]) == VARIABLES - unoffered


@pytest.mark.parametrize("service", OURS)
def test_what_a_service_is_given_are_settings_that_clerk_takes(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name, value in environment_of(service).items():
        monkeypatch.setenv(name, value)
    settings, ops_settings = Settings.load(), OpsSettings.load()
    assert settings.sandbox_variables() == []
    assert settings.amqp_url is not None and settings.mongo_url is not None
    assert settings.amqp_url.get_secret_value() == "amqp://clerk:d@rabbitmq:5672/"
    assert settings.mongo_url.get_secret_value() == "mongodb://clerk:e@mongo:27017/clerk?authSource=clerk"
    assert ops_settings.metrics_port == 9100


@pytest.mark.parametrize("service", OURS)
def test_servers_on_other_machines_are_named_in_the_environment_file(service: str) -> None:
    """docs/growing.md leads there: the same file on every machine."""
    elsewhere = {
        "CLERK_AMQP_URL": "amqp://clerk:h@one.example.org/;amqp://clerk:h@two.example.org/",
        "CLERK_MONGO_URL": "mongodb://clerk:i@one,two,three/clerk?replicaSet=rs0&authSource=clerk",
        "CLERK_MANAGEMENT_URL": "https://watcher:j@rabbitmq.example.org",
    }
    found = environment_of(service, **elsewhere)
    assert {name: found[name] for name in elsewhere} == elsewhere


@pytest.mark.parametrize("name", FILLED_IN)
def test_nothing_starts_with_a_secret_missing(name: str) -> None:
    for secret in (f"CLERK_{name.upper()}" for name in SANDBOX):
        assert secret in FILLED_IN
    with pytest.raises(AssertionError, match=f"{name}: set it in .env"):
        for service in SERVICES:
            environment_of(service, **{name: ""})


def test_only_who_needs_a_password_has_it() -> None:
    """The passwords of the servers' administrators are the servers' alone."""
    for service in SERVICES:
        values = set(environment_of(service).values())
        assert ("f" in values) == (service == "rabbitmq")
        assert ("g" in values) == (service == "mongo")
    others = [value for name in ("proxy", *SERVERS, *MONITORING) for value in environment_of(name).values()]
    assert {"a", "b", "xoxb-1"} & set(others) == set()


def test_the_example_environment_has_every_variable_of_clerk_and_of_compose() -> None:
    of_compose = set(re.findall(r"\$\{(\w+)", FILE.read_text()))
    assert of_compose | VARIABLES == offered()


def test_the_defaults_in_the_example_are_those_of_the_code() -> None:
    for name in (
        "port",
        "debounce_seconds",
        "debounce_cap_seconds",
        "solved_for_hours",
        "hold_seconds",
        "clock_seconds",
    ):
        assert float(example()[f"CLERK_{name.upper()}"]) == Settings.model_fields[name].default


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_is_watched_limited_pinned_and_started_again(service: str) -> None:
    found = SERVICES[service]
    assert found["restart"] == "unless-stopped"
    assert found["healthcheck"]["test"][0] == "CMD"
    assert found["healthcheck"]["start_period"]
    assert re.fullmatch(r"\d+[MG]", found["deploy"]["resources"]["limits"]["memory"])
    assert found["security_opt"] == ["no-new-privileges:true"]
    pinned = re.fullmatch(r"[\w/]+:v?\d+\.\d+[\w.-]*", found["image"])
    assert pinned or found["image"] == "clerk", "at least to a minor version"


@pytest.mark.parametrize("service", OURS)
def test_clerk_has_no_privileges_and_writes_nowhere_but_in_memory(service: str) -> None:
    found = SERVICES[service]
    assert (found["cap_drop"], found["read_only"], found["tmpfs"]) == (["ALL"], True, ["/tmp"])
    assert found["depends_on"] == {each: {"condition": "service_healthy"} for each in SERVERS}


@pytest.mark.parametrize("service", ["worker", "interactive"])
def test_a_worker_may_finish_what_it_has_in_hand(service: str) -> None:
    assert seconds(SERVICES[service]["stop_grace_period"]) >= KILLED_AFTER + 5


@pytest.mark.parametrize("service", OURS)
def test_any_number_of_a_part_of_clerk_may_run(service: str) -> None:
    """A port of the machine, a name or a volume could belong to one of them only."""
    assert {"ports", "container_name", "hostname", "volumes"} & set(SERVICES[service]) == set()


@pytest.mark.parametrize("service", [*SERVERS, *MONITORING])
def test_what_is_for_the_inside_is_published_to_this_machine_alone(service: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[service].get("ports", []))


@pytest.mark.parametrize(
    ("domain", "site", "ports"),
    [("", ":80", ["80:80", "443:443"]), ("clerk.example.org", "clerk.example.org", ["80:80", "443:443"])],
)
def test_the_proxy_speaks_https_for_a_domain_and_http_without(domain: str, site: str, ports: list[str]) -> None:
    assert environment_of("proxy", CLERK_DOMAIN=domain) == {"CLERK_SITE": site}
    published = [given(port, {**example(), "CLERK_DOMAIN": domain}) for port in SERVICES["proxy"]["ports"]]
    assert published == [*ports, "127.0.0.1:8080:8080"]


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_mounted_is_there_and_what_must_survive_is_on_a_volume(service: str) -> None:
    for mount in SERVICES[service].get("volumes", []):
        source, _, rest = mount.partition(":")
        if source.startswith("."):
            assert (ROOT / source).is_file()
            assert rest.endswith(":ro")
        else:
            assert source in COMPOSE["volumes"]
    kept = {"rabbitmq": "rabbitmq:/var/lib/rabbitmq", "mongo": "mongo:/data/db", "proxy": "certificates:/data"}
    assert service not in kept or kept[service] in SERVICES[service]["volumes"]
    assert SERVICES["rabbitmq"]["hostname"] == "rabbitmq"


# -- RabbitMQ's users -------------------------------------------------------------------------------------------------


def definitions(tmp_path: Path) -> dict[str, Any]:
    """What RabbitMQ loads at its start."""
    (tmp_path / "docker-entrypoint.sh").write_text('#!/bin/sh\necho "$@" $(env | grep -c PASSWORD)\n')
    (tmp_path / "chown").write_text("#!/bin/sh\n")
    for each in tmp_path.iterdir():
        each.chmod(0o700)
    folder, loaded = ROOT / "deploy" / "rabbitmq", tmp_path / "clerk.json"
    done = subprocess.run(
        ["sh", folder / "start.sh"],
        env={
            "PATH": f"{tmp_path}:/usr/bin:/bin",
            "DEFINITIONS": str(folder / "definitions.json"),
            "LOADED": str(loaded),
            **environment_of("rabbitmq"),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "rabbitmq-server 0\n", "the server does not inherit the passwords"
    assert loaded.stat().st_mode & 0o077 == 0
    found: dict[str, Any] = json.loads(loaded.read_text())
    return found


def test_clerk_may_use_its_own_queues_in_rabbitmq_and_look_and_nothing_else(tmp_path: Path) -> None:
    loaded = definitions(tmp_path)
    assert [(user["name"], user["password"], user["tags"]) for user in loaded["users"]] == [
        ("admin", "f", ["administrator"]),
        ("clerk", "d", ["monitoring"]),
    ]
    [rights] = [each for each in loaded["permissions"] if each["user"] == "clerk"]
    queues = {name for queue in QUEUES for name in declarations(queue)} | {LAYOUT.lock, LAYOUT.claims}
    for right in ("configure", "write", "read"):
        assert {name for name in queues if not re.search(rights[right], name)} == set()
        assert not re.search(rights[right], "somebody.else") and not re.search(rights[right], "slack.other")
    assert re.search(rights["write"], "amq.default")
    assert not re.search(rights["configure"], "amq.default")


def test_the_definitions_are_loaded_from_where_they_are_written() -> None:
    script = (ROOT / "deploy" / "rabbitmq" / "start.sh").read_text()
    settings = (ROOT / "deploy" / "rabbitmq" / "20-clerk.conf").read_text()
    [loaded] = re.findall(r"^load_definitions = (.+)$", settings, re.MULTILINE)
    assert f"${{LOADED:-{loaded}}}" in script
    assert ":/etc/clerk/definitions.json:ro" in "".join(SERVICES["rabbitmq"]["volumes"])
    assert "${DEFINITIONS:-/etc/clerk/definitions.json}" in script


def test_the_user_of_mongodb_has_its_own_database_alone() -> None:
    script = (ROOT / "deploy" / "mongo" / "clerk-user.js").read_text()
    assert re.findall(r"role: \"(\w+)\", db: \"(\w+)\"", script) == [("readWrite", "clerk")]
    assert set(re.findall(r"process\.env\.(\w+)", script)) <= set(SERVICES["mongo"]["environment"])


# -- monitoring -------------------------------------------------------------------------------------------------------


def test_prometheus_finds_every_container_of_every_part_that_has_metrics() -> None:
    config = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text())
    found = {
        name: each["port"]
        for job in config["scrape_configs"]
        for each in job.get("dns_sd_configs", [])
        for name in each["names"]
    }
    ports = {service: environment_of(service)["CLERK_METRICS_PORT"] for service in OURS}
    assert found == {service: int(ports[service]) for service in OURS} | {"gateway": 8080}
    mounted = {mount.split(":")[1] for mount in SERVICES["prometheus"]["volumes"]}
    assert set(config["rule_files"]) <= mounted


def test_grafana_has_prometheus_and_the_dashboard() -> None:
    [source] = yaml.safe_load((ROOT / "deploy" / "grafana" / "datasource.yml").read_text())["datasources"]
    assert (source["type"], source["url"]) == ("prometheus", "http://prometheus:9090")
    [provider] = yaml.safe_load((ROOT / "deploy" / "grafana" / "dashboards.yml").read_text())["providers"]
    mounts = dict(mount.split(":")[:2] for mount in SERVICES["grafana"]["volumes"])
    assert mounts["./deploy/grafana-dashboard.json"].startswith(provider["options"]["path"] + "/")


def test_prometheus_takes_its_configuration(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("there is no promtool: Debian's package prometheus has it")
    text = (ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text()
    (tmp_path / "prometheus.yml").write_text(text.replace("/etc/prometheus/", f"{ROOT / 'deploy'}/"))
    done = subprocess.run(
        [promtool, "check", "config", str(tmp_path / "prometheus.yml")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
