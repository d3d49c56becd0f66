"""Reads: they return rows and change nothing."""
