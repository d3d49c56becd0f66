"""JSON lines on stdout, one per thing that happened: the same shape from every process (operations.md 4).

`configure("web")` once at a process's start; then `log = logs.logger(); log.info("page served", path="/", ms=12)`.
Values bound with `structlog.contextvars` (request id, trace) go on every line. Never log what people write, nor secrets.
"""

import logging
import sys

import structlog

from app.settings import settings

SHARED: list[structlog.types.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
    structlog.processors.format_exc_info,
]
NOISY = ("httpx", "httpcore", "mail.log", "asyncio", "alembic")      # they tell each request or step at INFO


def configure(process: str) -> None:
    """Send this process's logs, structlog's and the standard library's, to stdout as JSON lines named `process`."""
    structlog.configure(
        processors=[*SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )

    def add_process(_: object, __: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
        event["process"] = process
        return event

    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=SHARED,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            add_process,
            structlog.processors.JSONRenderer(sort_keys=False, ensure_ascii=False),
        ],
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings().log_level.upper())
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)


def logger(name: str = "desk") -> structlog.stdlib.BoundLogger:
    """Return a logger; usable before `configure`."""
    bound: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return bound
