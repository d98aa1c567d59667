"""A Dramatiq application's queues as an operator sees and repairs them, in any broker. It knows nothing of Clerk."""
