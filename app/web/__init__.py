"""Everything that knows Flask: pages, their look, and how errors and people appear to a browser."""
