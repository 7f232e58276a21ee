"""Pages of messaging: waves and the pause, the mailbox, templates, a message by hand, the public stop page."""
