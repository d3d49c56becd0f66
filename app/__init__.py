"""Balcão: an ITIL service desk. The layers and who may import whom are in docs/architecture.md."""
