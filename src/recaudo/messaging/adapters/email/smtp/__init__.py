"""E-mail through the organisation's own SMTP server."""
