"""`python -m tests.package`: builds the wheel and the sdist, installs the wheel elsewhere and uses it there.

It takes some seconds and is part of `.ci/run`. Nothing is fetched: the dependencies are those of this environment.
"""

import os
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import tomllib
import venv
import zipfile
from pathlib import Path
from typing import Final

import httpx

from messages.release import DISTRIBUTION
from tests.servers import ROOT, free_port, wait_until

BUILD: Final = (
    "import sys; from setuptools import build_meta as b; "
    "print(getattr(b, f'build_{sys.argv[1]}')(sys.argv[2]), file=sys.stderr)"
)
SERVED: Final = ("/sandbox", "/ops/static/console.css", "/ops/static/enter.js", "/ops/enter")


def tracked() -> list[str]:
    """The files of the repository that are Clerk itself."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        included = tomllib.load(file)["tool"]["setuptools"]["packages"]["find"]["include"]
    folders = [each.removesuffix("*") for each in included]
    listed = subprocess.run(["git", "ls-files", *folders], cwd=ROOT, capture_output=True, text=True, check=True)
    return listed.stdout.splitlines()


def built(kind: str, source: Path, into: Path) -> Path:
    """The wheel or sdist that setuptools makes of a folder."""
    subprocess.run([sys.executable, "-c", BUILD, kind, str(into)], cwd=source, capture_output=True, check=True)
    (found,) = into.iterdir()
    return found


def main() -> None:
    """Build, install, run, ask; an AssertionError says what is missing."""
    with tempfile.TemporaryDirectory(prefix="clerk-package-") as folder:
        work = Path(folder)
        source = work / "source"
        subprocess.run(["git", "clone", "-q", "--depth", "1", ROOT.as_uri(), str(source)], check=True)
        sdist = built("sdist", source, work / "sdist")
        with tarfile.open(sdist) as archive:
            archive.extractall(work / "unpacked", filter="data")
        (unpacked,) = (work / "unpacked").iterdir()
        wheel = built("wheel", unpacked, work / "wheel")
        inside = set(zipfile.ZipFile(wheel).namelist())
        missing = [each for each in tracked() if each not in inside]
        assert missing == [], f"the wheel that the sdist makes lacks {missing}"
        assert wheel.name.startswith(f"{DISTRIBUTION.replace('-', '_')}-"), wheel.name
        run_elsewhere(wheel, work)
    print(f"package: {wheel.name} and {sdist.name} have every file, and run in an environment of their own")


def run_elsewhere(wheel: Path, work: Path) -> None:
    """Install the wheel into an environment of its own and use it from another folder."""
    home, elsewhere = work / "venv", work / "elsewhere"
    elsewhere.mkdir()
    venv.create(home, with_pip=True)
    python = home / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", "--no-deps", "--no-index", str(wheel)], check=True)
    packages = next((home / "lib").glob("python*/site-packages"))
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")  # without what its own .pth name
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("CLERK_", "PYTHON"))}
    clerk = home / "bin" / "clerk"
    where = subprocess.run([python, "-c", "import ops; print(ops.__file__)"], cwd=elsewhere, env=clean,
                           capture_output=True, text=True, check=True)  # fmt: skip
    assert where.stdout.startswith(str(home)), where.stdout
    port = free_port()
    with (work / "log").open("wb") as log:
        running = subprocess.Popen([clerk, "run", "--port", str(port)], cwd=elsewhere, env=clean, stderr=log)
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, follow_redirects=True) as client:
                wait_until(lambda: is_ready(client, running), "the installed Clerk is ready", 60)
                wrong = {path: answer.status_code for path in SERVED if (answer := client.get(path)).status_code != 200}
                assert "Sign in" in client.get("/ops/").text
            assert wrong == {}, f"the installed Clerk answers {wrong}"
            subprocess.run([clerk, "queues"], cwd=elsewhere, env=clean, capture_output=True, check=True)
        finally:
            running.terminate()
            running.wait(30)


def is_ready(client: httpx.Client, running: "subprocess.Popen[bytes]") -> bool:
    """Whether the installed Clerk takes messages."""
    assert running.poll() is None, "the installed Clerk has ended"
    try:
        return client.get("/readyz").status_code == 200
    except httpx.HTTPError:
        return False


if __name__ == "__main__":
    main()
