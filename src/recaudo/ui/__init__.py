"""Base pages, components, tables, charts. Owns no table, knows no context."""
