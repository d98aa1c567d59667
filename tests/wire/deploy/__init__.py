"""What deploy/ configures, on the servers that it configures."""
