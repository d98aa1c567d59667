"""What people do in the workspace, and the signed webhooks that Slack sends for it."""
