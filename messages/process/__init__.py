"""What every process needs to start: settings, logs, telemetry, and the way onto the queues."""
