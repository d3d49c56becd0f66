"""Serve the streams: `python -m app.live [--host 127.0.0.1]`, on DESK_LIVE_PORT, until SIGTERM or SIGINT."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import click
import uvicorn
import uvloop

from app import logs
from app.live.application import create_app
from app.live.hub import Hub
from app.settings import settings

DRAIN_SECONDS = 5


class Server(uvicorn.Server):
    """A server that ends its streams when it is told to stop: they would never end by themselves."""

    def __init__(self, config: uvicorn.Config, hub: Hub) -> None:
        """Serve this hub's streams."""
        super().__init__(config)
        self.hub = hub

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Drain at SIGTERM and SIGINT, and end well."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.drain)
        yield

    def drain(self) -> None:
        """Take nobody in any more and let those who are here go; browsers come back by themselves."""
        self.should_exit = True
        self.hub.end_all()


def server(host: str, port: int) -> Server:
    """Return a server, not yet started."""
    hub = Hub()
    config = uvicorn.Config(
        create_app(hub), host=host, port=port, log_config=None, access_log=False, lifespan="on", server_header=False,
        timeout_graceful_shutdown=DRAIN_SECONDS, timeout_keep_alive=5, loop="uvloop", ws="none",
        proxy_headers=False, h11_max_incomplete_event_size=16 * 1024,
    )  # fmt: skip
    return Server(config, hub)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
def main(host: str) -> None:
    """Serve the live streams."""
    logs.configure("live")
    uvloop.run(server(host, settings().live_port).serve())


if __name__ == "__main__":
    main()
