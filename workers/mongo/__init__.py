"""The documents in MongoDB.

Each write is one atomic operation on one document. Whoever changes a document that others change too compares
what it read (a version, a lease, a missing field) and is told by False or None that it lost.
"""

from workers.mongo.stores import INDEXES, Stores

__all__ = ["INDEXES", "Stores"]
