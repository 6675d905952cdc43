"""The client portal under /portal/: what a client owes, has and was billed. Theirs alone."""

from __future__ import annotations
