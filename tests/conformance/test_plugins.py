"""The conformance kit over every plugin that is found. One without a harness fails."""

from __future__ import annotations

from core.testing.suite import contracts

globals().update(contracts())
