"""The shop: storefront, the five pages of checkout, and what becomes of an order."""

from __future__ import annotations
