"""The demonstration's mail server takes mail over real SMTP and keeps it where a page can read it."""

import os
import smtplib
import subprocess
import sys
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from app.platform import ports, probes
from app.platform.mail_sink import maildir
from app.settings import ROOT


@pytest.fixture
def sink(tmp_path: Path, eventually: Callable[..., None]) -> Iterator[int]:
    port = ports.free_port()
    environment = os.environ | {"DESK_DATA_DIR": str(tmp_path), "DESK_SMTP_PORT": str(port)}
    with subprocess.Popen([sys.executable, "-m", "app.platform.mail_sink"], cwd=ROOT, env=environment,
                          stdout=subprocess.PIPE, text=True) as process:
        eventually(lambda: probes.listens("127.0.0.1", port))
        yield port
        process.terminate()
        assert process.wait(20) == 0


def test_a_mail_is_stored_whole_with_its_envelope(sink: int, tmp_path: Path) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "desk@balcao.test", "ana@balcao.test", "Aprovação pedida"
    message.set_content("Olá, Ana")
    with smtplib.SMTP("127.0.0.1", sink, timeout=20) as client:
        client.send_message(message, from_addr="bounce@balcao.test", to_addrs=["ana@balcao.test", "bo@balcao.test"])
    [stored] = maildir(tmp_path)
    assert stored["X-Envelope-From"] == "bounce@balcao.test"
    assert stored["X-Envelope-To"] == "ana@balcao.test, bo@balcao.test"
    assert stored["To"] == "ana@balcao.test"
    body = stored.get_payload(decode=True)
    assert isinstance(body, bytes)
    assert "Olá, Ana" in body.decode()


def test_only_its_owner_reads_the_mail(tmp_path: Path) -> None:
    maildir(tmp_path)
    assert (tmp_path / "mail").stat().st_mode & 0o077 == 0
