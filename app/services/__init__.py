"""Use cases: the only code that changes data. `uow` first; they never commit and never send."""
