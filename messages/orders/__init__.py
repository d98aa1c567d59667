"""The orders that people give: by a click, in a form, after `/clerk`."""
