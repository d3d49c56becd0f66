"""Alembic: the schema's history, forward only in production."""
