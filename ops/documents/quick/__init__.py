"""The commands that Clerk sends most, carried out in the embedded database in a fifth of the engine's own time.

The engine does any command of MongoDB's, and checks, copies and compiles for each of them. What is done here is what
Clerk asks all day: inserts, finds and updates of documents that JSON can hold. All else raises `Unusual`, before
anything has changed, and the engine does it.
"""
