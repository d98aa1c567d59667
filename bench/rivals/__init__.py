"""What Clerk is compared with: others that do the same work, and floors that do less."""
