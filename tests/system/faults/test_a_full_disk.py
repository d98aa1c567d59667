"""The disk of the embedded default is full: Clerk says so, takes no text that it can't keep, and goes on by itself."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.deployment import CHANNEL, LINE, World, new_contact
from tests.servers import ROOT, Program, answers, free_port, wait_until

OWN_MOUNTS: Final = ("unshare", "--user", "--map-root-user", "--mount")
MOUNT: Final = 'mount -t tmpfs -o size=12m tmpfs "$0" && '
WAIT: Final = "import signal; signal.pause()"


class SmallDisk:
    """A disk of 12 MB, mounted on a folder for a process and those that enter its mounts; this process fills it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        holds = ["sh", "-c", f'{MOUNT}touch "$0/clerk.disk" && exec "$@"', str(folder), sys.executable, "-c", WAIT]
        begin = f"import os; os.execvp('unshare', {[*OWN_MOUNTS, *holds]})"
        self.holder = Program("small-disk", ["-c", begin], {}).start()
        self._inside = Path(f"/proc/{self.holder.pid}/root{folder}")
        wait_until(lambda: (self._inside / "clerk.disk").exists(), "the disk is mounted")

    def inside(self, *command: str) -> list[str]:
        """The arguments of Python that run a command of Clerk's where the disk is mounted."""
        enters = ["nsenter", "--user", "--preserve-credentials", "--mount", f"--target={self.holder.pid}"]
        argv = [*enters, f"--wd={ROOT}", sys.executable, "-m", "ops", *command]
        return ["-c", f"import os; os.execvp('nsenter', {argv})"]

    def fill(self) -> None:
        """Leave no room."""
        with (self._inside / "clerk.filler").open("ab", buffering=0) as file, pytest.raises(OSError, match="No space"):
            while True:
                file.write(bytes(4096))

    def make_room(self) -> None:
        """Take away what fills the disk."""
        (self._inside / "clerk.filler").unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """A small disk, mounted on the test's folder."""
    try:
        tried = [*OWN_MOUNTS, "sh", "-c", f"{MOUNT}true", str(tmp_path)]
        subprocess.run(tried, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this machine lets nobody mount a small disk (unshare): a full one is not tried")
    made = SmallDisk(tmp_path)
    try:
        yield made
    finally:
        made.holder.stop()


def running(disk: SmallDisk, port: int) -> Program:
    settings = {
        "CLERK_DATA_DIR": str(disk.folder),
        "CLERK_LOG_FORMAT": "json",
        "CLERK_LINES": f"{LINE}={CHANNEL}",
        "CLERK_PORT": str(port),
    }
    program = Program(f"full-disk-{port}", disk.inside("run"), settings)
    program.log.unlink(missing_ok=True)
    return program


def test_a_full_disk_refuses_what_it_cannot_keep_and_loses_none_of_what_it_took(disk: SmallDisk) -> None:
    port, contact = free_port(), new_contact()
    here = f"http://127.0.0.1:{port}"
    clerk, world = running(disk, port), World(f"{here}/sandbox")
    refused = {"from": contact, "to": LINE, "body": "refused", "sid": "SM00000000000000000000000000f011ed"}
    try:
        clerk.start()
        wait_until(lambda: answers(f"{here}/readyz"), "clerk run is ready", 90)
        world.text(contact, "before")
        wait_until(lambda: "before" in world.texts_in_thread(contact), "the first text")
        world.do("workers", working=False)
        world.text(contact, "taken")
        disk.fill()
        world.do("workers", working=True)
        assert world.do("text", **refused)["status"] == 503
        wait_until(lambda: not answers(f"{here}/readyz"), "the gateway says that it is not ready")
        told = clerk.log.read_text()
        assert f"the disk of {disk.folder} is full: make room there" in told
        disk.make_room()
        wait_until(lambda: answers(f"{here}/readyz"), "the gateway is ready by itself")
        world.text(contact, "refused", sid=refused["sid"])  # as the provider repeats it
        wait_until(lambda: len(world.texts_in_thread(contact)) == 3, "all three texts")
        assert world.texts_in_thread(contact) == ["before", "taken", "refused"]
        assert clerk.terminate() == 0
    finally:
        clerk.stop()
        world.close()


def test_on_a_full_disk_clerk_says_so_in_one_sentence_and_ends_as_one_that_is_started_again(disk: SmallDisk) -> None:
    port = free_port()
    clerk = running(disk, port)

    def ready() -> bool:
        return answers(f"http://127.0.0.1:{port}/readyz")

    try:
        for comes_after in ("an empty folder", "a run that ended"):
            disk.fill()
            clerk.log.unlink(missing_ok=True)
            clerk.start()
            assert wait_until(lambda: clerk.status, f"it ends: {comes_after}", 90) == 1
            (sentence,) = clerk.log.read_text().splitlines()
            assert sentence == f"the disk of {disk.folder} is full. Make room there, then try again: nothing is lost."
            disk.make_room()
            clerk.start()
            wait_until(ready, "clerk run is ready", 90)
            assert clerk.terminate() == 0
    finally:
        clerk.stop()
