"""The queues as an operator sees and moves them, whichever broker holds them. It knows nothing of Clerk."""
