"""No route is forgotten: beside test_record_attacks.py, which tries all that are not open to everybody."""

from typing import Final

from flask import Flask

from app.web.permission import PUBLIC

OPEN_TO_ALL: Final = {  # and the tests that watch who gets what with a wrong, used or foreign link
    "/password/<token>": "tests/services/test_accounts.py", "/setup/<token>": "tests/services/test_accounts.py", "/works/<token>": "tests/web/test_confirmations.py", "/survey/<token>": "tests/web/test_surveys.py",
    "/static/<path:name>": "tests/web/test_pages.py",
}  # fmt: skip


def test_a_route_that_is_open_to_all_and_names_something_is_watched_by_a_test_of_its_own(cast: str, application: Flask) -> None:
    """All others are tried above, by themselves."""
    open_ = {rule.rule for rule in application.url_map.iter_rules()
             if rule.arguments and getattr(application.view_functions[rule.endpoint], "permission", PUBLIC) == PUBLIC}  # fmt: skip
    assert {rule for rule in open_ if not rule.startswith("/dev/")} == OPEN_TO_ALL.keys()
