"""Collections of documents in memory, with the part of MongoDB's language that the stores use.

Each operation on a document is atomic. Values are stored as BSON would store them. An operator that is not here raises
NotImplementedError: nothing is ignored. A stored document is never changed in place, so that a reader needs no copy.
"""
