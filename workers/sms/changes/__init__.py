"""What becomes of a reply that its author deletes or edits in Slack."""
