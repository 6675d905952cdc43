"""Finds, loads, configures, calls and reports plugins. Knows no database and no page."""
