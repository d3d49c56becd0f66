"""How Prefect runs the desk: the only code that knows it.

Prefect reads its settings when it is first imported, so the desk's own (DESK_PREFECT_*) are handed to it here. What the
environment already says stays: the supervisor says more (app/platform/environment.py).
"""

import os

from pydantic import ValidationError

from app.settings import Settings


def _tell_prefect() -> None:
    try:
        known = Settings()  # not kept: the command line imports this package before it knows the data folder
    except ValidationError:  # whoever needs the settings next says in words what is wrong with them
        return
    auth = known.prefect_auth_string.get_secret_value()
    ours = {
        "PREFECT_API_URL": known.prefect_api_url,
        "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",  # never a silent server of its own
        "PREFECT_RESULTS_DEFAULT_SERIALIZER": "json",  # never pickle what came from outside
        **({"PREFECT_API_AUTH_STRING": auth} if auth else {}),
    }
    for name, value in ours.items():
        os.environ.setdefault(name, value)


_tell_prefect()
