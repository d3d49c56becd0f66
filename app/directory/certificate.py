"""Finds out in words why a server's certificate was refused: libldap only says "connect error"."""

import socket
import ssl
from contextlib import closing

from app.directory.access import Access

# ExtendedRequest, message id 1: StartTLS (RFC 4511 section 4.14).
START_TLS = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x16" + b"1.3.6.1.4.1.1466.20037"
SUCCESS = b"\x0a\x01\x00"       # ENUMERATED 0: the result code


def complaint(access: Access, seconds: float = 2.0) -> str | None:
    """Return what is wrong with the server's TLS, or None when nothing is (or the server is not there at all)."""
    try:
        trust = ssl.create_default_context(cafile=access.authorities or None)
    except (ssl.SSLError, OSError) as error:
        return f"{access.authorities}: {error}"
    try:
        with closing(socket.create_connection((access.host, access.port), timeout=seconds)) as plain:
            if not access.is_ldaps:
                plain.sendall(START_TLS)
                if SUCCESS not in plain.recv(1024)[:24]:
                    return "the server refuses StartTLS"
            with trust.wrap_socket(plain, server_hostname=access.host):
                return None
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    except ssl.SSLError as error:
        return (error.reason or str(error)).replace("_", " ").lower()
    except OSError:
        return None
