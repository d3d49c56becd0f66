"""Forms: the shape of what people send, without Flask; what the values mean is decided by rules and services."""
