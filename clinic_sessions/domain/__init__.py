"""The clinic's rules: pure functions and values that know nothing but the standard library."""
