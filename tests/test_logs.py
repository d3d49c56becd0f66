"""Every process's log line is one JSON object with the same keys."""

import json
import subprocess
import sys

from app.settings import ROOT

CODE = """
import logging, threading, structlog
from app import logs
logs.configure("web")
structlog.contextvars.bind_contextvars(request_id="r-1")
logs.logger().info("page served", path="/a", ms=3)
logging.getLogger("some.library").warning("it says %s", "ção")
try:
    raise ValueError("broken")
except ValueError:
    logs.logger().exception("failed")
logs.logger().debug("not shown")
"""


def test_lines_are_json_with_process_level_time_and_request() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True, check=True)
    first, second, third = map(json.loads, done.stdout.splitlines())
    assert {"event": "page served", "path": "/a", "ms": 3, "level": "info", "process": "web", "request_id": "r-1"}.items() <= first.items()
    assert first["timestamp"].endswith("Z")
    assert (second["event"], second["logger"], second["process"]) == ("it says ção", "some.library", "web")
    assert "ValueError: broken" in third["exception"]
