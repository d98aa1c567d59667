"""A URL that is taken for right is one that the servers' clients take, whatever it is made of."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymongo.errors import ConfigurationError, OperationFailure, PyMongoError, ServerSelectionTimeoutError
from pymongo.uri_parser import parse_uri

from messages.process.amqp_address import parameters
from messages.process.server_urls import amqp_fault, mongo_fault
from messages.process.variables import Misconfigured
from ops.documents.reader import why_away
from ops.queues.management_api import management_address
from workers.mongo.address import database_name, refuse_wrong

PIECES = st.sampled_from(
    [*"@:/?#[];,.%= x1", "::1", "[::1]", "rabbit", "27017", "99999", "%2F", "%4", "user", "?w=1", "&tls=true", "é"]
)
TAILS = st.lists(PIECES, max_size=9).map("".join)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("ssl=true&tls=false", "ssl and tls contradict each other"),
        ("w=1&tlsInsecure=true&tlsAllowInvalidHostnames=true", "tlsInsecure and tlsAllowInvalidHostnames contradict"),
        ("tls=true&w", "its options must be NAME=VALUE"),
        ("tls=true;w=1&ssl=false", "its options must be NAME=VALUE"),
        ("secret", "its options must be NAME=VALUE"),
    ],
)
def test_options_that_exclude_each_other_are_told_from_those_that_cannot_be_read(query: str, words: str) -> None:
    with pytest.raises(Misconfigured, match=re.escape(words)) as error:
        refuse_wrong(f"mongodb://mongo/?{query}")
    assert "secret" not in str(error.value)


@given(tail=TAILS, scheme=st.sampled_from(["amqp://", "amqps://"]))
def test_pika_takes_a_url_of_rabbitmq_that_is_right(tail: str, scheme: str) -> None:
    url = f"{scheme}{tail}"
    try:
        found = parameters(url)
    except Misconfigured as error:
        assert str(error).startswith("CLERK_AMQP_URL: ")
        return
    assert amqp_fault(url) is None
    assert all(each.host and each.port for each in found)


@given(tail=TAILS)
def test_pymongo_takes_a_url_of_mongodb_that_is_right(tail: str) -> None:
    url = f"mongodb://{tail}"
    try:
        refuse_wrong(url)
    except Misconfigured as error:
        assert str(error).startswith("CLERK_MONGO_URL: ")
        return
    assert mongo_fault(url) is None
    assert (parse_uri(url, warn=True)["database"] or "clerk") == database_name(url)


@pytest.mark.parametrize(
    ("url", "where", "virtual_host"),
    [
        ("amqp://u:p%40ss@rabbit:5672/%2F", ("http://rabbit:15672", ("u", "p@ss")), "/"),
        ("amqp://rabbit/", ("http://rabbit:15672", ("guest", "guest")), "/"),
        ("amqps://u:p@[::1]:5671/team", ("https://[::1]:15671", ("u", "p")), "team"),
        ("amqp://u:p@rabbit/a%2Fb", ("http://rabbit:15672", ("u", "p")), "a/b"),
    ],
)
def test_pika_and_the_management_api_go_to_the_same_place(
    url: str, where: tuple[str, tuple[str, str]], virtual_host: str
) -> None:
    base, auth, path = management_address(url, None)
    assert ((base, auth), path) == (where, virtual_host)
    (found,) = parameters(url)
    assert (found.virtual_host, found.credentials.username, found.credentials.password) == (virtual_host, *auth)


def test_the_nodes_of_a_cluster_are_tried_one_after_the_other() -> None:
    found = parameters("amqp://u:p@one:5672/v; amqp://u:p@[::2]:5673/v;")
    assert [(each.host, each.port, each.virtual_host) for each in found] == [("one", 5672, "v"), ("::2", 5673, "v")]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            ServerSelectionTimeoutError("m:1: refused (configured timeouts: x: 3ms), Timeout: 3s, T…"),
            "MongoDB can't be reached: m:1: refused",
        ),
        (
            ServerSelectionTimeoutError(
                "m:1: [Errno 111] Connection refused,b:2: [Errno -2] Name or service not known"
            ),
            "MongoDB can't be reached: m:1: Connection refused,b:2: Name or service not known",
        ),
        (
            ServerSelectionTimeoutError(
                "m:1: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed (_ssl.c:1028)"
            ),
            "MongoDB can't be reached: m:1: certificate verify failed",
        ),
        (
            OperationFailure("Authentication failed.", 18, {"ok": 0, "errmsg": "Authentication failed."}),
            "MongoDB refuses: Authentication failed.",
        ),
        (
            ConfigurationError("no such name: _mongodb._tcp.x."),
            "CLERK_MONGO_URL: its name can't be looked up in DNS now: no such name: _mongodb._tcp.x.",
        ),
    ],
)
def test_why_mongodb_is_away_is_a_sentence(error: PyMongoError, told: str) -> None:
    assert why_away(error) == told
