"""The code of earlier versions of Clerk, from the history of the repository."""

import subprocess
import tarfile
from io import BytesIO
from pathlib import Path
from typing import Final

from tests.servers import ROOT

RELEASED: Final = {"0.1.0": "3e445dc"}
"""The commit of each release."""


def missing(commit: str) -> str:
    """Why a commit's code can't be had here; empty if it can."""
    found = (
        subprocess.run(["git", "cat-file", "-e", f"{commit}^{{tree}}"], cwd=ROOT, capture_output=True, check=False)
        if (ROOT / ".git").exists()
        else None
    )
    return "" if found is not None and found.returncode == 0 else f"the history of the repository has no {commit} here"


def unpacked(commit: str, folder: Path) -> Path:
    """A folder with the code of a commit."""
    done = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=True)
    with tarfile.open(fileobj=BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder
