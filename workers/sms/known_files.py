"""Asks Slack about files of which an event says nothing: those in channels shared with other organisations."""

from collections.abc import Sequence

import structlog

from messages.orders.files import CHECK_FILE_INFO
from messages.sms import SlackFile
from workers.failures import CallError
from workers.platforms.slack_failures import is_lasting
from workers.ports import Ports

log = structlog.get_logger("clerk.sms")


async def known_files(files: Sequence[SlackFile], ports: Ports) -> tuple[SlackFile, ...]:
    """The files with what Slack says about them; one that Slack does not show stays without an address."""
    return tuple([await _known(file, ports) if file.file_access == CHECK_FILE_INFO else file for file in files])


async def gone(files: Sequence[SlackFile], ports: Ports) -> tuple[SlackFile, str] | None:
    """The first file that Slack does not show any more, and its answer; None if it shows all of them."""
    for file in files:
        try:
            found = await ports.slack.file(file.id)
        except CallError as error:
            if not is_lasting(error):
                raise
            return file, error.code
        if not found.url_private:
            return file, found.file_access
    return None


async def _known(file: SlackFile, ports: Ports) -> SlackFile:
    try:
        return await ports.slack.file(file.id)
    except CallError as error:
        if not is_lasting(error):
            raise
        log.warning("Slack does not show a file of a shared channel", error=error.code)
        return file
