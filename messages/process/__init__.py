"""What every process needs to start: settings, logs, telemetry, and publishing."""
