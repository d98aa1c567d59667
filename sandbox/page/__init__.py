"""The page that shows and moves what the stand-ins hold."""
