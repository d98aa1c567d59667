#!/bin/sh
# Makes .venv with exactly what a lock names (requirements-embedded.lock unless another is given), and the `clerk`
# command. It completes a .venv that is up to date with that lock, and makes any other anew. With uv if it is installed,
# else with Python 3.13 or newer.
set -eu
lock=${1:-requirements-embedded.lock}

newest_python() {
    for name in python3.14 python3.13 python3 python; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 13))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    echo "Clerk needs Python 3.13 or newer, and found none on the PATH: install it (https://www.python.org/downloads)," >&2
    echo "or install uv (https://docs.astral.sh/uv), which brings its own." >&2
    return 1
}

up_to_date() {
    [ -e .venv/ready ] && [ -z "$(find requirements-embedded.lock pyproject.toml ops/make-venv.sh -newer .venv/ready)" ]
}

if command -v uv >/dev/null 2>&1; then
    up_to_date || uv venv --quiet --clear --python '>=3.13' .venv
    uv pip install --quiet --python .venv --require-hashes -r "$lock"
else
    if ! up_to_date; then
        python=$(newest_python)
        echo "Making .venv with $python (once; about a minute)" >&2
        "$python" -m venv --clear .venv
    fi
    .venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
fi

# Clerk itself is run from this folder. Nothing is built: that would take setuptools, which only developers need.
.venv/bin/python - <<'END'
import pathlib
import sys
import sysconfig
import tomllib

from messages.release import VERSION

project = tomllib.loads(pathlib.Path("pyproject.toml").read_text())["project"]
packages = pathlib.Path(sysconfig.get_path("purelib"))
(packages / "clerk.pth").write_text(f"{pathlib.Path.cwd()}\n")
about = packages / f"{project['name'].replace('-', '_')}-{VERSION}.dist-info"
about.mkdir(exist_ok=True)
(about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {VERSION}\n")
module, function = project["scripts"]["clerk"].split(":")
command = pathlib.Path(sysconfig.get_path("scripts"), "clerk")
command.write_text(f"#!{sys.executable}\nimport sys\n\nfrom {module} import {function}\n\nsys.exit({function}())\n")
command.chmod(0o755)
files = [packages / "clerk.pth", about / "METADATA", command]
relative = [file.relative_to(packages, walk_up=True).as_posix() for file in files]
record = f"{about.name}/RECORD"
(packages / record).write_text("".join(f"{name},,\n" for name in (*relative, record)))
END
