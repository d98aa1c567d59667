"""Asks Slack about files of which an event says nothing: those in channels shared with other organisations."""

from collections.abc import Sequence
from typing import Final

import structlog

from messages.sms import SlackFile
from workers.failures import CallError
from workers.platforms.slack_failures import is_lasting
from workers.ports import Ports

log = structlog.get_logger("clerk.sms")

CHECK_FILE_INFO: Final = "check_file_info"
"""https://docs.slack.dev/reference/objects/file-object#slack_connect_files"""


async def known_files(files: Sequence[SlackFile], ports: Ports) -> tuple[SlackFile, ...]:
    """The files with what Slack says about them; one that Slack does not show stays without an address."""
    return tuple([await _known(file, ports) if file.file_access == CHECK_FILE_INFO else file for file in files])


async def _known(file: SlackFile, ports: Ports) -> SlackFile:
    try:
        return await ports.slack.file(file.id)
    except CallError as error:
        if not is_lasting(error):
            raise
        log.warning("Slack does not show a file of a shared channel", error=error.code)
        return file
