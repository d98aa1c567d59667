"""By when a ticket must be answered, who is told if it is not, tickets that are put off, and Clerk's absences."""
