"""The page that shows the stand-ins' state and acts on it."""
