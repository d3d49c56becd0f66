"""Keep one real Prefect server for a whole test run: `python -m tests.prefect_keeper <pytest's pid> <folder> <database>`.

Like the cluster's keeper: a process of its own, so that the server ends with the run however that ends.
"""

import os
import select
import subprocess
import sys
import time
from pathlib import Path

import httpx

from app.platform import environment, ports
from app.settings import ROOT

AUTH = "desk:only-for-tests"
START_SECONDS = 120


def keep(pid: int, folder: Path, database: str) -> None:
    """Serve until process `pid` ends; the file `prefect` tells the waiting workers the API's address."""
    watched = os.pidfd_open(pid)
    port = ports.free_port()
    command = [sys.executable, "-m", "prefect", "server", "start", "--port", str(port), "--no-ui"]
    server = subprocess.Popen(
        command, cwd=ROOT, env=environment.prefect_server(os.environ, folder, port, AUTH, database)
    )
    try:
        address = f"http://127.0.0.1:{port}/api"
        _wait(f"{address}/ready", server)
        (folder / "prefect.new").write_text(address)
        (folder / "prefect.new").rename(folder / "prefect-api")
        select.select([watched], [], [])
    finally:
        server.kill()
        server.wait()


def _wait(address: str, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if httpx.get(address, auth=tuple(AUTH.split(":")), timeout=5).is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise SystemExit("Prefect's server did not start")


if __name__ == "__main__":
    keep(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
