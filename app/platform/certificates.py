"""Makes a certificate authority and server certificates for private servers and for tests; wrong ones too, on request."""

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from app.platform.accounts import give, ordinary_user

LIFE = datetime.timedelta(days=397)


@dataclass(frozen=True)
class ServerCertificate:
    """PEM files of a server: its certificate, its key, and the authority that signed it."""

    certificate: Path
    key: Path
    authority: Path


class Authority:
    """A certificate authority that lives in one folder; the servers' files belong to the user the servers run as."""

    def __init__(self, folder: Path, name: str, key: ec.EllipticCurvePrivateKey, own: x509.Certificate) -> None:
        """Take what `create` made."""
        self.folder = folder
        self.file = folder / "authority.pem"
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._key = key
        self._own = own

    @classmethod
    def create(cls, folder: Path, name: str = "Private authority of the desk") -> Self:
        """Make a new authority and write its certificate to `authority.pem`."""
        folder.mkdir(parents=True, exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        own = (_builder(subject, subject, key, LIFE)
               .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
               .add_extension(usage, critical=True).sign(key, hashes.SHA256()))
        (folder / "authority.pem").write_bytes(own.public_bytes(serialization.Encoding.PEM))
        return cls(folder, name, key, own)

    def issue(self, name: str, *names: str, ends_in: datetime.timedelta = LIFE) -> ServerCertificate:
        """Sign a certificate for host names and addresses; a negative `ends_in` makes one that has expired."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        signed = (_builder(subject, self._own.subject, key, ends_in)
                  .add_extension(x509.SubjectAlternativeName([_general(each) for each in (name, *names)]), critical=False)
                  .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
                  .add_extension(authority, critical=False)
                  .sign(self._key, hashes.SHA256()))
        stem = f"{name}-{signed.serial_number:x}"
        files = ServerCertificate(self.folder / f"{stem}.pem", self.folder / f"{stem}.key", self.file)
        files.certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        files.key.touch(mode=0o600)
        files.key.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                                serialization.NoEncryption()))
        give(files.key, ordinary_user())
        return files


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey,
             ends_in: datetime.timedelta) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - LIFE - datetime.timedelta(days=1)).not_valid_after(now + ends_in)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False))


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
