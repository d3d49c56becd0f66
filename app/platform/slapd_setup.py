"""What a private slapd is made of: where the system keeps its parts, its configuration, and hashes it can check."""

import base64
import hashlib
import secrets
from pathlib import Path

from argon2 import PasswordHasher

PROGRAMS = (Path("/usr/sbin/slapd"), Path("/usr/lib/openldap/slapd"), Path("/usr/libexec/slapd"))
MODULES = (Path("/usr/lib/ldap"), Path("/usr/lib/openldap"), Path("/usr/lib64/openldap"))
SCHEMAS = (Path("/etc/ldap/schema"), Path("/etc/openldap/schema"))
CONFINED = Path("/etc/apparmor.d/usr.sbin.slapd")
SCHEMA_NAMES = ("core", "cosine", "inetorgperson", "nis")


class SlapdError(RuntimeError):
    """slapd is missing or would not start; the text says why and what mends it."""


def program() -> Path | None:
    """Return the system's slapd, or None where it is not installed."""
    return next((path for path in PROGRAMS if path.is_file()), None)


def first_folder(folders: tuple[Path, ...], holding: str) -> Path:
    """Return the first of `folders` that holds a file, or say what to install."""
    for folder in folders:
        if any(folder.glob(holding)):
            return folder
    raise SlapdError(f"slapd is not complete here: no {holding} in {folders[0]}. Mend: apt-get install slapd")


def has_argon2() -> bool:
    """Say whether this slapd can check argon2 hashes."""
    return any(any(folder.glob("argon2.so*")) for folder in MODULES)


def salted_hash(password: str) -> str:
    """Return a hash every slapd understands; for long random passwords only, because SHA-1 is fast to try."""
    salt = secrets.token_bytes(16)
    digest = hashlib.sha1(password.encode() + salt, usedforsecurity=False).digest()
    return "{SSHA}" + base64.b64encode(digest + salt).decode()


def password_hash(password: str) -> str:
    """Return the strongest hash of a person's password that this slapd can check."""
    if not has_argon2():
        return salted_hash(password)
    return "{ARGON2}" + PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1).hash(password)


# The policy overlay gives accounts their lock (pwdAccountLockedTime). A search that is not paged is cut at `limit`, as
# many companies' servers do. Only the desk may change members, make and lock accounts (never delete one) and
# describe them; nobody may read or set a password, and strangers see nothing.
CONFIGURATION = """\
dn: cn=config
objectClass: olcGlobal
cn: config
olcPidFile: {pid_file}
olcThreads: 8
{tls}
dn: cn=module,cn=config
objectClass: olcModuleList
cn: module
olcModulePath: {modules}
olcModuleLoad: back_mdb
olcModuleLoad: auditlog
olcModuleLoad: ppolicy
{argon2}
dn: cn=schema,cn=config
objectClass: olcSchemaConfig
cn: schema

{includes}

dn: olcDatabase={{-1}}frontend,cn=config
objectClass: olcDatabaseConfig
objectClass: olcFrontendConfig
olcDatabase: {{-1}}frontend
olcAccess: to dn.base="" by * read
olcAccess: to dn.base="cn=subschema" by * read

dn: olcDatabase={{0}}config,cn=config
objectClass: olcDatabaseConfig
olcDatabase: {{0}}config
olcAccess: to * by * none

dn: olcDatabase={{1}}mdb,cn=config
objectClass: olcDatabaseConfig
objectClass: olcMdbConfig
olcDatabase: {{1}}mdb
olcDbDirectory: {data}
olcDbMaxSize: 268435456
olcSuffix: {base}
olcRootDN: {admin}
olcRootPW: {admin_hash}
olcDbIndex: objectClass,uid,mail,member,entryUUID eq
olcLimits: * size.soft={limit} size.hard={limit} size.prtotal=unlimited
olcAccess: to attrs=userPassword by anonymous auth by * none
olcAccess: to attrs=member,uniqueMember,memberUid by dn.exact="{service}" write by users read by * none
olcAccess: to attrs=pwdAccountLockedTime,title,ou,telephoneNumber,mobile,roomNumber by dn.exact="{service}" write by users read by * none
olcAccess: to attrs=children,entry by dn.exact="{service}" add by users read by * none
olcAccess: to * by users read by * none

dn: olcOverlay=auditlog,olcDatabase={{1}}mdb,cn=config
objectClass: olcOverlayConfig
objectClass: olcAuditLogConfig
olcOverlay: auditlog
olcAuditlogFile: {audit}

dn: olcOverlay=ppolicy,olcDatabase={{1}}mdb,cn=config
objectClass: olcOverlayConfig
objectClass: olcPPolicyConfig
olcOverlay: ppolicy
"""
