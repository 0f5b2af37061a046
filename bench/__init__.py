"""Benchmarks of the router, on loopback, against the simulators."""
