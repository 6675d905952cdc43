"""Benchmarks: each measures its own limit beside itself. See bench/README.md."""
