"""The app's Home: who opens it, turns a page or acts in it sees how it is now."""

from datetime import timedelta

from messages.views import ShowHome
from workers.interactive.home.showing import show
from workers.ports import Ports
from workers.runtime import actor


@actor(handles=ShowHome, max_retries=3, time_limit=timedelta(seconds=30))
async def show_home(message: ShowHome, ports: Ports) -> None:
    """Let a person's Home show how it is now."""
    await show(message, ports)
