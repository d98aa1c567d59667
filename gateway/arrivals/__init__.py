"""Which text, or reply, came before which: at this gateway, and at the others of the team."""
