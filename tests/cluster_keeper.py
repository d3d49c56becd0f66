"""Keep one throw-away cluster for a whole test run: `python -m tests.cluster_keeper <pytest's pid> <folder>`.

A process of its own, so that the cluster ends with the run however that ends: it waits for pytest's main process,
then stops the server and deletes its files. Any worker may start it; none owns it.
"""

import os
import select
import shutil
import sys
from pathlib import Path

from app import database
from app.platform import schema
from app.platform.postgres import Cluster

TEMPLATE = "desk_template"


def keep(pid: int, folder: Path) -> None:
    """Serve until process `pid` ends; the file `ready` tells the waiting workers."""
    watched = os.pidfd_open(pid)
    cluster = Cluster(folder / "cluster", durable=False)
    try:
        cluster.start()
        cluster.create_database(TEMPLATE)
        os.environ["DESK_DATABASE_URL"] = cluster.url(TEMPLATE)
        schema.upgrade()
        database.forget()                       # a template with a connection left cannot be cloned
        (folder / "ready").touch()
        select.select([watched], [], [])
    finally:
        cluster.remove()
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    keep(int(sys.argv[1]), Path(sys.argv[2]))
