"""The verbs of collections, pure: tables in, tables out. No Django, no clock, no network, no settings."""
