"""The only code that knows Prefect: one file per flow, named by what it does."""
