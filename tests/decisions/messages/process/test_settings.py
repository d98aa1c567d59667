"""The environment is read once: every variable that is wrong is named, and no secret is ever shown."""

import os
from collections.abc import Iterator
from datetime import timedelta

import pytest

from messages.process.settings import SANDBOX, Misconfigured, Settings, refuse_sandbox_secrets

SECRETS = {
    "CLERK_AMQP_URL": "amqp://clerk:swordfish@rabbit:5672/",
    "CLERK_MONGO_URL": "mongodb://clerk:swordfish@mongo:27017/clerk",
    "CLERK_TWILIO_AUTH_TOKEN": "swordfish-token",
    "CLERK_SLACK_BOT_TOKEN": "xoxb-swordfish",
    "CLERK_SLACK_SIGNING_SECRET": "swordfish-secret",
    "CLERK_OPS_TOKEN": "swordfish-ops",
}


@pytest.fixture(autouse=True)
def no_environment() -> Iterator[None]:
    before = dict(os.environ)
    for name in list(os.environ):
        if name.startswith("CLERK_") or name.upper().endswith("_PROXY"):
            del os.environ[name]
    yield
    os.environ.clear()
    os.environ.update(before)


def _load(**variables: str) -> Settings:
    os.environ.update(variables)
    return Settings.load()


def test_with_nothing_set_the_documented_defaults_are_in_force() -> None:
    settings = _load()
    assert (settings.host, settings.port, settings.url) == ("127.0.0.1", 8080, "http://127.0.0.1:8080")
    assert (settings.amqp_url, settings.mongo_url) == (None, None)
    assert (settings.window, settings.cap) == (timedelta(minutes=3), timedelta(minutes=15))
    assert settings.solved_for == timedelta(days=4)
    assert settings.hold == timedelta(), "in the sandbox a reply leaves at once"
    assert settings.slack_api_url == "https://slack.com/api/"
    assert settings.twilio_api_url == "https://api.twilio.com"


def test_an_empty_variable_is_as_if_it_were_not_set() -> None:
    assert _load(CLERK_PORT="", CLERK_AMQP_URL="", CLERK_LINES="").port == 8080


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CLERK_PORT", "80a"),
        ("CLERK_PORT", "0"),
        ("CLERK_PORT", "65536"),
        ("CLERK_PUBLIC_URL", "clerk.example.org"),
        ("CLERK_PUBLIC_URL", "ftp://clerk.example.org"),
        ("CLERK_PUBLIC_URL", "https://"),
        ("CLERK_PUBLIC_URL", "https://:443"),
        ("CLERK_PUBLIC_URL", "https://clerk.example.org:99999"),
        ("CLERK_PUBLIC_URL", "https://clerk.example.org:0"),
        ("CLERK_PUBLIC_URL", "https://clerk.example.org#rc=5"),
        ("CLERK_PUBLIC_URL", "https://clerk.example.org?x=1"),
        ("CLERK_PUBLIC_URL", "https://user:swordfish@clerk.example.org"),
        ("CLERK_PUBLIC_URL", "https://clerk.example.org /x"),
        ("CLERK_PUBLIC_URL", "http://[::1"),
        ("CLERK_SLACK_API_URL", "slack.com"),
        ("CLERK_TWILIO_API_URL", "//api.twilio.com"),
        ("CLERK_AMQP_URL", "https://rabbit"),
        ("CLERK_MONGO_URL", "mongo:27017"),
        ("CLERK_LINES", "+15550001111"),
        ("CLERK_LINES", "+15550001111=general"),
        ("CLERK_LINES", "15550001111=C0ABC"),
        ("CLERK_LINES", "+１５５５０００１１１１=C0ABC"),
        ("CLERK_LINES", "+15550001111=C0ABC,+15550001111=C0DEF"),
        ("CLERK_DEBOUNCE_SECONDS", "soon"),
        ("CLERK_DEBOUNCE_SECONDS", "-1"),
        ("CLERK_DEBOUNCE_SECONDS", "nan"),
        ("CLERK_DEBOUNCE_CAP_SECONDS", "inf"),
        ("CLERK_DEBOUNCE_CAP_SECONDS", "10"),
        ("CLERK_SOLVED_FOR_HOURS", "0.5"),
        ("CLERK_SOLVED_FOR_HOURS", "673"),
        ("CLERK_CLOCK_SECONDS", "0"),
        ("CLERK_LOG_FORMAT", "xml"),
        ("CLERK_SANDBOX", "perhaps"),
    ],
)
def test_a_wrong_variable_is_named(name: str, value: str) -> None:
    with pytest.raises(Misconfigured) as error:
        _load(**{name: value})
    assert name in str(error.value)
    assert "swordfish" not in str(error.value)


def test_all_wrong_variables_are_named_at_once() -> None:
    with pytest.raises(Misconfigured) as error:
        _load(CLERK_PORT="x", CLERK_LINES="x", CLERK_CLOCK_SECONDS="x")
    assert [name for name in ("CLERK_PORT", "CLERK_LINES", "CLERK_CLOCK_SECONDS") if name not in str(error.value)] == []


def test_lines_are_numbers_with_their_channels() -> None:
    lines = _load(CLERK_LINES=" +15550001111=C0ABC, +15550002222=G0DEF,").lines
    assert lines == {"+15550001111": "C0ABC", "+15550002222": "G0DEF"}


@pytest.mark.parametrize(
    ("public", "url"),
    [
        ("https://clerk.example.org", "https://clerk.example.org"),
        ("https://clerk.example.org/", "https://clerk.example.org"),
        ("https://example.org/clerk/", "https://example.org/clerk"),
        ("https://example.org:8443", "https://example.org:8443"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_the_public_url_has_no_slash_at_its_end(public: str, url: str) -> None:
    assert _load(CLERK_PUBLIC_URL=public).url == url


def test_durations_may_be_fractions() -> None:
    settings = _load(CLERK_DEBOUNCE_SECONDS="0.25", CLERK_DEBOUNCE_CAP_SECONDS="1.5")
    assert (settings.window, settings.cap) == (timedelta(milliseconds=250), timedelta(milliseconds=1500))


def test_replies_of_new_lines_can_be_taken_back_unless_this_is_the_sandbox() -> None:
    assert _load(CLERK_HOLD_SECONDS="2").hold == timedelta(seconds=2)
    assert _load(CLERK_HOLD_SECONDS="").hold == timedelta()
    assert _load(**SECRETS).hold == timedelta(seconds=5)


def test_no_secret_is_in_what_settings_print_as() -> None:
    settings = _load(**SECRETS)
    assert "swordfish" not in f"{settings!r} {settings} {settings.model_dump()}"


def test_no_secret_is_in_an_error() -> None:
    with pytest.raises(Misconfigured) as error:
        _load(**SECRETS, CLERK_PORT="x", CLERK_PUBLIC_URL="x")
    assert "swordfish" not in str(error.value)


def test_real_webhooks_are_not_guarded_by_secrets_that_everyone_knows() -> None:
    with pytest.raises(Misconfigured) as error:
        refuse_sandbox_secrets(_load())
    assert [name for name in SANDBOX if f"CLERK_{name.upper()}" not in str(error.value)] == []
    refuse_sandbox_secrets(_load(CLERK_SANDBOX="1"))


def test_settings_with_other_secrets_are_accepted() -> None:
    refuse_sandbox_secrets(_load(**SECRETS, CLERK_TWILIO_ACCOUNT_SID="AC" + "1" * 32))


def test_the_proxies_are_those_of_the_environment_in_either_spelling() -> None:
    settings = _load(HTTPS_PROXY="proxy:3128", http_proxy="http://near:8080", NO_PROXY="example.org")
    assert settings.proxies.leading_to("https://slack.com/api/") == "http://proxy:3128"
    assert settings.proxies.leading_to("http://slack.com/api/") == "http://near:8080"
    assert settings.proxies.leading_to("https://api.example.org") is None


def test_a_proxy_that_clerk_cannot_use_is_named_and_its_password_is_not_shown() -> None:
    with pytest.raises(Misconfigured, match=r"HTTPS_PROXY: .*no SOCKS") as caught:
        _load(HTTPS_PROXY="socks5://user:swordfish@proxy:1080")
    assert "CLERK_HTTPS" not in str(caught.value)
    assert "swordfish" not in str(caught.value)
    shown = _load(HTTPS_PROXY="http://user:swordfish@proxy:3128")
    assert "swordfish" not in repr(shown) + repr(shown.proxies)
