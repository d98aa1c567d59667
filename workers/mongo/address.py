"""Where MongoDB is: whether its driver takes CLERK_MONGO_URL, and which database the URL names."""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import unquote_plus

from pymongo.common import URI_OPTIONS_VALIDATOR_MAP
from pymongo.errors import ConfigurationError
from pymongo.uri_parser import split_options, validate_options

from messages.process.server_urls import mongo_fault
from messages.process.variables import Misconfigured

DATABASE: Final = "clerk"

_FOR_DEVELOPERS: Final = re.compile(r"\[(?:Errno -?\d+|X509: \w+|SSL: \w+|SSL)\] | \(_ssl\.c:\d+\)")


def database_name(url: str) -> str:
    """The database that a URL names, or `clerk`."""
    path = url.partition("://")[2].partition("?")[0].partition("/")[2]
    return unquote_plus(path).partition(".")[0] or DATABASE


def refuse_wrong(url: str) -> None:
    """Misconfigured, in words that show no value, unless MongoDB's driver takes the URL; it looks up no name.

    An option that the driver does not know is no fault: it says so itself, and goes on.
    """
    fault = mongo_fault(url)
    if fault is not None:
        raise Misconfigured(f"CLERK_MONGO_URL: {fault}")
    query = url.partition("?")[2]
    if not query:
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the client warns of the same
            options = dict(split_options(query, validate=False, normalize=False))
    except (ValueError, ConfigurationError):
        raise Misconfigured(f"CLERK_MONGO_URL: {_why_not_options(query)}") from None
    wrong = [name for name, value in options.items() if not _is_taken(name, value)]
    if wrong:
        raise Misconfigured(
            f"CLERK_MONGO_URL: MongoDB's driver does not take the value of {', '.join(wrong)} "
            "(https://www.mongodb.com/docs/manual/reference/connection-string-options): correct it, or leave it out"
        )


def _why_not_options(query: str) -> str:
    """What is wrong with options that can't be split, or that exclude each other: those about TLS may."""
    names = [name for name, is_given, _ in (each.partition("=") for each in query.split("&")) if is_given]
    about_tls = [name for name in names if name.lower().startswith(("tls", "ssl"))]
    if ";" in query or len(names) != len(query.split("&")) or not about_tls:
        return "its options must be NAME=VALUE, with & between them"
    return f"{' and '.join(about_tls)} contradict each other: leave one of them out"


def _is_taken(name: str, value: object) -> bool:
    if name.lower() not in URI_OPTIONS_VALIDATOR_MAP:
        return True
    try:
        validate_options({name: value}, warn=False)
    except (ValueError, TypeError, OSError, ConfigurationError):
        return False
    return True


@contextmanager
def refusing_what_the_driver_refuses(url: str) -> Iterator[None]:
    """Around the making of a client: Misconfigured if the URL is wrong.

    ConfigurationError if it begins with mongodb+srv:// and its name can't be looked up now.
    """
    refuse_wrong(url)
    try:
        yield
    except (ConfigurationError, ValueError, TypeError, OSError) as error:
        if url.startswith("mongodb+srv://") and isinstance(error, ConfigurationError):
            raise
        raise Misconfigured(f"CLERK_MONGO_URL: {_without_user(str(error), url)}") from None


def _without_user(why: str, url: str) -> str:
    """What the driver says, unless a part of it is the URL's user or password."""
    user, at, _ = url.partition("://")[2].partition("?")[0].rpartition("@")
    secrets = [part for part in (*user.split(":"), *unquote_plus(user).split(":")) if part] if at else []
    return "MongoDB's driver does not take it" if any(each in why for each in secrets) else in_words(why)


def in_words(why: str) -> str:
    """What the driver says, without what the system and OpenSSL add for developers: numbers, and lines of code."""
    return _FOR_DEVELOPERS.sub("", why).replace("operation cancelled", "it does not answer in time")
