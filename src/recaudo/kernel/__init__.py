"""Plain values of the trade, standard library only: money, days, contact words, permissions, problems."""
