"""What the team has set up, and what its agents say of themselves."""
