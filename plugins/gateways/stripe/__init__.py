"""Cards through Stripe."""

from __future__ import annotations
