"""What the closure review found stands on the page of the desk, never on the caller's; quality reviews have pages of their own."""

import pytest
from flask import Flask

from app import closure
from app.rules.closure import Quality
from app.services import closure as steps
from app.unit_of_work import SYSTEM, unit_of_work
from tests.cast import NOON
from tests.services.incidents_scene import at, brought, found, role
from tests.web.pages import browser_of, send


def test_what_was_returned_is_seen_completed_and_let_go_on_its_page(cast: str, application: Flask) -> None:
    number, other = brought("resolved"), brought("resolved")
    for each in (number, other):
        with unit_of_work(SYSTEM, now=at(1)) as uow:
            steps.take(uow, each)
    bo, ana = browser_of(application, "bo"), browser_of(application, "ana")
    page = f"/incidents/{number}"
    seen = bo.get(page).text
    assert all(words in seen for words in ("Returned to be completed", "Choose what it is about.", "Save and look again"))
    assert ("Impact and urgency" in seen, "Let it close as it is" in seen) == (False, False)
    assert [number in bo.get("/incidents/?show=returned").text, number in browser_of(application, "caro").get("/incidents/?show=returned").text] == [True, False]
    assert all(words not in ana.get(page).text for words in ("Returned", "Closure review", "is missing"))
    sent = send(bo, f"{page}/correct", code="magic", version=str(found(number).version))
    assert (sent.status_code, "Choose one from the list." in sent.text) == (422, True)
    title = {"title": found(number).title, "version": str(found(number).version)}
    assert send(bo, f"{page}/describe", category="software", **title).status_code == 303
    assert "Nothing is missing." in bo.get(page).text
    assert [send(who, f"/incidents/{other}/waive", body="x", version=str(found(other).version)).status_code for who in (ana, bo)] == [403, 403]
    role("caro", "team_lead")
    caro = browser_of(application, "caro")
    assert "Let it close as it is" in caro.get(f"/incidents/{other}").text
    assert send(caro, f"/incidents/{other}/waive", body="It was a test.", version=str(found(other).version)).status_code == 303
    assert "A team lead lets it close as it is." in bo.get(f"/incidents/{other}").text


def test_a_lead_reviews_a_closed_one_and_only_the_desk_sees_what_came_of_it(cast: str, application: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    questions = closure.quality().questions
    monkeypatch.setattr(closure, "quality", lambda: Quality(100, questions=questions))
    numbers = [brought("closed", title=f"Fault {count}") for count in range(2)]
    role("caro", "team_lead")
    role("davi", "auditor")
    caro, davi = browser_of(application, "caro"), browser_of(application, "davi")
    listed = caro.get("/quality/")
    assert (listed.status_code, all(number in listed.text for number in numbers), "Fault 1" in listed.text) == (200, True, True)
    assert [browser_of(application, who).get("/quality/").status_code for who in ("ana", "bo")] == [403, 403]
    page = f"/quality/{numbers[0]}"
    assert ("Store the review" in caro.get(page).text, "Store the review" in davi.get(page).text) == (True, False)
    wrong = send(caro, page, **{"answer-understood": "yes", "comment-solution": "Kept words"})
    assert (wrong.status_code, "Choose an answer." in wrong.text, "Kept words" in wrong.text) == (422, True, True)
    said = {f"answer-{key}": "yes" for key in questions} | {"answer-solution": "no", "comment-solution": "Which <b>cable</b>?"}
    assert send(davi, page, **said).status_code == 403
    assert send(caro, page, **said).status_code == 303
    assert (f'href="/quality/{numbers[0]}"' in caro.get("/quality/").text, "4 yes, 1 no" in caro.get("/quality/?show=done").text) == (False, True)
    assert "Which &lt;b&gt;cable&lt;/b&gt;?" in davi.get(page).text
    assert send(caro, page, **said).status_code == 409
    assert "4 of 5 answered with yes, by Caro Mendes." in browser_of(application, "bo").get(f"/incidents/{numbers[0]}").text
    assert "uality review" not in browser_of(application, "ana").get(f"/incidents/{numbers[0]}").text
    assert found(numbers[0]).updated_at <= NOON
