"""The shop: storefront, the five pages of checkout, and what becomes of an order."""

from __future__ import annotations

from core.web.shop.blueprint import blueprint as blueprint
