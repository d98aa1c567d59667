"""Every shape that two processes must agree on, in a queue or in MongoDB."""
