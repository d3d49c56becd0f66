"""What ties the mails of one record together (RFC 5322 References), and cannot be guessed from its number."""

import hashlib
import hmac


def root_id(number: str, domain: str, secret: str) -> str:
    """Return the Message-ID that all mails about this record refer to; the same for ever.

    No mail carries it as its own: mail programs group by it all the same. The code in it is a keyed digest, so that an
    answer that names it has seen one of our mails (security.md 10).
    """
    code = hmac.new(secret.encode(), f"mail-thread:{number}".encode(), hashlib.sha256).hexdigest()[:20]
    return f"<{number.lower()}.{code}@{domain}>"
