"""`python -m tests.embedded_mongo FOLDER` serves the embedded MongoDB by itself, until its standard input ends."""

import sys
from pathlib import Path

from ops.documents.embedded_mongo import EmbeddedMongo

if __name__ == "__main__":
    with EmbeddedMongo(Path(sys.argv[1]) / "clerk.sqlite", durable=False) as mongo:
        print(mongo.url, flush=True)
        sys.stdin.read()
