"""The data: one TOML file a treatment protocol, one a rating scale, each value with unit and source."""
