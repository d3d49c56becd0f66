"""How gunicorn serves the pages: threads (python-ldap blocks in C), logs as ours, workers that never outlive it."""

import gc
import signal

from app import database, logs
from app.platform.launch import die_with_parent
from app.settings import settings

wsgi_app = "app.web.application:create_app()"
preload_app = True                  # read once; a killed worker is replaced in a blink
worker_class = "gthread"
workers = 2                         # one goes on while the other is replaced
threads = settings().web_threads
reuse_port = True                   # a restarted server need not wait for the old workers to notice
graceful_timeout = 20
timeout = 60
keepalive = 5
accesslog = None                    # the application logs each request with its id
control_socket_disable = True       # supervisord is the only one who controls it
logconfig_dict = {"root": {"level": "INFO", "handlers": []}, "loggers": {"gunicorn.error": {"propagate": True}}}


def on_starting(server: object) -> None:
    """Log as every other process does, after gunicorn has set up its own."""
    logs.configure("web")


def pre_fork(server: object, worker: object) -> None:
    """Keep what was read out of the workers' garbage collection: they share its memory, and end quickly."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)  # a page makes some ten thousand things and leaves none behind


def post_fork(server: object, worker: object) -> None:
    """Start a worker with connections of its own, and end it with its master."""
    database.forget()
    die_with_parent(signal.SIGTERM)
