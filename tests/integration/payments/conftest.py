"""These tests take ``inn``: their database is a copy of the demo shop's."""

from __future__ import annotations

from tests.fixtures.innkeeper import demo_database_url as database_url

__all__ = ["database_url"]
