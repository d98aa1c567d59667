"""What people order: by a click, in a form, after `/clerk`."""
