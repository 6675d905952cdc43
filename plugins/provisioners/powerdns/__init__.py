"""DNS zones on PowerDNS."""

from __future__ import annotations
