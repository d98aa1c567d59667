"""The settings of a line: as operators type them after `clerk lines set`, and as admins see them in a form."""
