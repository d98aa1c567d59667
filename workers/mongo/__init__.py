"""The documents in MongoDB.

Each write is one atomic operation on one document. A write that competes with others compares what the caller read (a
version, a lease, a missing field), and returns False or None if another write came first.
"""

from workers.mongo.stores import INDEXES, Stores

__all__ = ["INDEXES", "Stores"]
