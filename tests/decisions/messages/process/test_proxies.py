"""Which proxy leads to an address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.process.proxies import Proxies, proxy_url

HTTP, HTTPS = "http://proxy:3128", "http://proxy:3129"
BOTH = Proxies(HTTP, HTTPS)

hosts = st.sampled_from(["slack.com", "files.slack.com", "api.twilio.com", "10.1.2.3", "[2001:db8::1]", "localhost"])
entries = st.lists(
    st.sampled_from(["slack.com", ".slack.com", "*.slack.com", "com", "*", "10.0.0.0/8", "2001:db8::/32", "x", ":", ""])
)


def test_the_scheme_of_the_address_chooses_the_proxy() -> None:
    assert BOTH.leading_to("http://example.org/x") == HTTP
    assert BOTH.leading_to("https://slack.com/api/") == HTTPS
    assert Proxies(http=HTTP).leading_to("https://slack.com/api/") is None
    assert Proxies().leading_to("http://example.org") is None


@pytest.mark.parametrize(
    ("without", "url"),
    [
        ("slack.com", "https://slack.com/api/"),
        ("slack.com", "https://files.slack.com/x"),
        (".slack.com", "https://hooks.slack.com/x"),
        (".slack.com", "https://slack.com/x"),
        ("*.slack.com", "https://files.slack.com/x"),
        ("example.org, SLACK.COM", "https://Slack.com/api/"),
        ("example.org slack.com", "https://slack.com/api/"),
        ("slack.com:443", "https://slack.com/api/"),
        ("clerk.internal:8080", "http://clerk.internal:8080/healthz"),
        ("*", "https://api.twilio.com"),
        ("127.0.0.1", "http://127.0.0.1:8080"),
        ("127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("10.0.0.0/8", "http://10.20.30.40"),
        ("::1", "http://[::1]:8080"),
        ("[::1]:8080", "http://[::1]:8080"),
        ("slack.com", "https://slack.com./api/"),
    ],
)
def test_no_proxy_leads_past_the_proxy(without: str, url: str) -> None:
    assert Proxies(HTTP, HTTPS, without).leading_to(url) is None


@pytest.mark.parametrize(
    ("without", "url"),
    [
        ("", "https://slack.com/api/"),
        ("slack.com", "https://notslack.com/"),
        ("slack.com:8443", "https://slack.com/api/"),
        ("files.slack.com", "https://slack.com/api/"),
        ("10.0.0.0/8", "http://11.0.0.1"),
        ("10.0.0.1", "http://10.0.0.11"),
        ("0.0.1", "http://10.0.0.1"),
        (",;:[", "https://slack.com/api/"),
    ],
)
def test_other_hosts_go_through_it(without: str, url: str) -> None:
    assert Proxies(HTTP, HTTPS, without).leading_to(url) in {HTTP, HTTPS}


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]", "http://0.0.0.0:80"])
def test_the_sandbox_on_this_machine_is_reached_directly(url: str) -> None:
    assert Proxies(HTTP, HTTPS, near_ones_directly=True).leading_to(url) is None
    assert BOTH.leading_to(url) == HTTP


@given(host=hosts, some=entries, more=entries)
def test_a_further_entry_never_leads_a_host_back_to_the_proxy(host: str, some: list[str], more: list[str]) -> None:
    url = f"https://{host}/x"
    if Proxies(HTTP, HTTPS, ",".join(some)).leading_to(url) is None:
        assert Proxies(HTTP, HTTPS, ",".join(some + more)).leading_to(url) is None


@given(st.text(max_size=30), hosts)
def test_any_no_proxy_gives_an_answer(without: str, host: str) -> None:
    assert Proxies(HTTP, HTTPS, without).leading_to(f"https://{host}/") in {None, HTTPS}


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ("http://proxy:3128", "http://proxy:3128"),
        ("proxy.example.org:3128", "http://proxy.example.org:3128"),
        ("http://user:secret@proxy:3128/", "http://user:secret@proxy:3128/"),
        ("https://proxy", "https://proxy"),
        ("http://[::1]:3128", "http://[::1]:3128"),
    ],
)
def test_a_proxy_is_named_with_or_without_its_scheme(value: str, url: str) -> None:
    assert proxy_url(value) == url


@pytest.mark.parametrize("value", ["socks5://proxy:1080", "http://", "http://proxy:99999", "http://proxy:0", "a b"])
def test_what_is_no_http_proxy_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r"HTTP proxy|[Pp]ort"):
        proxy_url(value)
