"""What every test may use; `tests/databases.py` gives the real PostgreSQL (fixture `db`)."""

pytest_plugins = ["tests.databases", "tests.cast", "tests.guards", "tests.chromium"]
