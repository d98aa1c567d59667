"""A deterministic simulator of a whole deployment: one seed decides everything that happens, and replays exactly."""
