"""Pages of the team, the own account and the settings."""
