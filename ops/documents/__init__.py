"""What an operator reads of MongoDB's documents, the embedded database, and what both need at the start."""
