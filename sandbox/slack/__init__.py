"""The stand-in of Slack: a workspace, its methods, and the people in it."""
