"""Clicks by people of other workspaces than the app's, in channels that organisations share."""
