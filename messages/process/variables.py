"""How settings are read from the environment: every fault is one sentence with its variable, and shows no value.

A secret may be in a file: CLERK_X_FILE names one whose contents are the value of CLERK_X, as Docker and Kubernetes
mount secrets (https://docs.docker.com/engine/swarm/secrets/#build-support-for-docker-secrets-into-your-images).
"""

import os
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, Literal, Self, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX: Final = "CLERK_"
FILE: Final = "_FILE"
MOST_BYTES: Final = 64 * 1024
"""The longest secret in a file."""

OF_OTHERS: Final = frozenset({"CLERK_HEARTBEAT_DIR", "CLERK_RABBITMQ_PASSWORD", "CLERK_MONGO_PASSWORD"})
"""Variables that are not settings: between a supervisor and its processes, and those of docker-compose.yml."""

_OF_KUBERNETES: Final = ("_SERVICE_HOST", "_SERVICE_PORT", "_PORT")
"""https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables"""

_NUMBERS: Final = {
    "float": "a number",
    "int": "a whole number",
}
_ABOUT_NUMBERS: Final = (
    "int_", "float_", "finite_number", "greater_than", "less_than",
)  # fmt: skip


class Misconfigured(Exception):
    """A setting is wrong; the message names the variable and says what to do."""


class Variables(BaseSettings):
    """Settings from the environment; `load()` reads them."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True, str_strip_whitespace=True
    )

    @classmethod
    def load(cls, **overrides: Any) -> Self:
        """The settings from the environment and from files; Misconfigured names each variable that is wrong."""
        given, faults = _from_files(cls, os.environ)
        try:
            settings = cls(**{**given, **overrides})
        except ValidationError as error:
            faults += [_sentence(cls, each) for each in error.errors(include_input=False, include_url=False)]
        if faults:
            raise Misconfigured("\n".join(faults)) from None
        return settings


def variable(*place: int | str) -> str:
    """The environment variable of a setting; those of the proxies are not Clerk's alone."""
    name = "_".join(map(str, place)).upper()
    return name if name.endswith("_PROXY") else f"{PREFIX}{name}"


def secret_variables(kind: type[Variables]) -> dict[str, str]:
    """The settings that may be in a file, by the variable that names it."""
    return {
        f"{variable(name)}{FILE}": name
        for name, field in kind.model_fields.items()
        if field.validation_alias is None and SecretStr in (field.annotation, *get_args(field.annotation))
    }


def unknown(environment: Mapping[str, str], kinds: Iterable[type[Variables]]) -> dict[str, str]:
    """The variables that begin like Clerk's and that nothing reads, each with what was meant by it, or ''."""
    known = {name for kind in kinds for name in (*map(variable, kind.model_fields), *secret_variables(kind))}
    found = {
        name
        for name in environment
        if name.upper().startswith(PREFIX)
        and name.upper() not in known | OF_OTHERS
        and not _is_of_a_service(name.upper(), environment[name])
    }
    return {name: next(iter(get_close_matches(name.upper(), known, 1, 0.75)), "") for name in sorted(found)}


def _is_of_a_service(name: str, value: str) -> bool:
    """Whether Kubernetes, or a container link, made a variable for a service whose name begins with `clerk`."""
    return "_SERVICE_PORT_" in name or "_TCP" in name or (
        name.endswith(_OF_KUBERNETES) and (not name.endswith("_PORT") or value.startswith("tcp://") or value.isdigit())
    )  # fmt: skip


def _from_files(kind: type[Variables], environment: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """The settings whose values are in files, and what is wrong with those files."""
    given: dict[str, Any] = {}
    faults: list[str] = []
    for name, setting in secret_variables(kind).items():
        path = environment.get(name, "")
        if not path:
            continue
        if environment.get(variable(setting)):
            faults.append(f"{name}: set either this or {variable(setting)}, not both")
            continue
        try:
            with Path(path).open("rb") as file:
                value = file.read(MOST_BYTES + 1).decode().strip()
        except UnicodeDecodeError:
            faults.append(f"{name}: the file {path} must hold text (UTF-8)")
        except (OSError, ValueError) as error:
            faults.append(f"{name}: {_unread(path, error)}")
        else:
            if not value or len(value) > MOST_BYTES:
                faults.append(f"{name}: the file {path} is {'too long' if value else 'empty'}: put the value into it")
            else:
                given[setting] = value
    return given, faults


def _unread(path: str, error: OSError | ValueError) -> str:
    """Why a secret's file can't be read. What names no file is not shown: it may be the secret itself."""
    if isinstance(error, (PermissionError, IsADirectoryError)):
        return f"the file {path!r} can't be read ({error.strerror}): name one that this user may read"
    why = error.strerror if isinstance(error, OSError) and error.strerror else "no path"
    return f"names no file that can be read ({why}): it must be the path of a file that holds the value, not the value"


def _sentence(kind: type[Variables], error: ErrorDetails) -> str:
    """What is wrong with a setting, and what it must be."""
    if not error["loc"]:
        return str(error.get("ctx", {}).get("error", error["msg"]))
    name = str(error["loc"][0])
    return f"{variable(name)}: {_words(kind.model_fields.get(name), error)}"


def _words(field: FieldInfo | None, error: ErrorDetails) -> str:
    sort = error["type"]
    if sort == "value_error":
        return str(error["ctx"]["error"])
    if field is not None and sort.startswith(_ABOUT_NUMBERS):
        return f"must be {_range(field)}"
    if field is not None and sort == "literal_error":
        return f"must be {' or '.join(_choices(field))}"
    if sort.startswith("bool_"):
        return "must be 1 or 0"
    if sort.startswith("string_"):
        return "must be text in UTF-8"
    return error["msg"]


def _range(field: FieldInfo) -> str:
    kinds = {getattr(each, "__name__", "") for each in (field.annotation, *get_args(field.annotation))}
    words = next(words for kind, words in _NUMBERS.items() if kind in kinds)
    bounds = field.metadata
    parts = [
        *(f"more than {each.gt:g}" for each in bounds if isinstance(each, Gt)),
        *(f"at least {each.ge:g}" for each in bounds if isinstance(each, Ge)),
        *(f"less than {each.lt:g}" for each in bounds if isinstance(each, Lt)),
        *(f"at most {each.le:g}" for each in bounds if isinstance(each, Le)),
    ]  # fmt: skip
    return f"{words}, {' and '.join(parts)}" if parts else words


def _choices(field: FieldInfo) -> list[str]:
    return [
        str(choice)
        for each in (field.annotation, *get_args(field.annotation))
        if get_origin(each) is Literal
        for choice in get_args(each)
    ]
