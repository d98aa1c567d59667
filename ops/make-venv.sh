#!/bin/sh
# Makes .venv with exactly what requirements-dev.lock names: with uv if it is installed, else with Python 3.13 or newer.
set -eu

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

if command -v uv >/dev/null 2>&1; then
    uv venv --quiet --clear --python '>=3.13' .venv
    uv pip install --quiet --python .venv --require-hashes -r requirements-dev.lock
    uv pip install --quiet --python .venv --no-deps --no-build-isolation -e .
else
    python=$(newest_python)
    echo "Making .venv with $python (once; about a minute)" >&2
    "$python" -m venv --clear .venv
    .venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
    .venv/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
fi
