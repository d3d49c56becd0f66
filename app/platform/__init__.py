"""What `./desk up` and `./desk demo` start around the application: PostgreSQL, slapd, a mail sink, one supervisor."""
