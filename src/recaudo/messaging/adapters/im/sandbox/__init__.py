"""The test mailbox: takes every message, sends nothing; the product shows it."""
