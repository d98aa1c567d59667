"""Which host a variable may name: one that can be looked up at all. Pure.

What looks a name up fails with an error of its own kind if a part of it is empty or too long, and not as it does for a
host that is away. Each client has its own way to write names in other scripts, so they are written as DNS has them.
"""

import re
from typing import Final

_LABEL: Final = re.compile(r"[A-Z0-9_-]{1,63}", re.ASCII | re.IGNORECASE)
_LONGEST: Final = 253
"""https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4, without the root's length and the first label's."""


def can_be_host(name: str) -> bool:
    """Whether this may be a host's name, or an address of IPv4."""
    labels = name.removesuffix(".").split(".")
    return len(name) <= _LONGEST and all(map(_LABEL.fullmatch, labels))
