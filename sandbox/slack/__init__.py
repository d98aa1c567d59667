"""The stand-in for Slack: a workspace, its API methods, and the people in it."""
