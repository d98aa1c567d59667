"""What the stand-ins hold, kept over restarts."""
