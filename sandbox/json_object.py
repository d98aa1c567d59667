"""The types of a JSON object. Pure."""

from collections.abc import Mapping
from typing import Any

type Json = dict[str, Any]

type FrozenJson = Mapping[str, Any]
