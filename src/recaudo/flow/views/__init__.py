"""Pages of the day: today, the runs, why an account was treated so."""
