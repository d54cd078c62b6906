"""Benchmarks: reproducible data, and the product's speed against a floor measured in the same seconds."""
