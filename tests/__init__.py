"""Innkeeper's tests. ``unit/`` mirrors ``core/``; ``fixtures/`` holds what they stand on."""
