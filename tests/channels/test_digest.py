"""What waited for the end of quiet hours goes out as one mail, once."""

from datetime import timedelta

from sqlalchemy import text

from app import database
from app.channels import email
from app.services import accounts, conversations
from app.unit_of_work import unit_of_work
from tests.cast import NOON
from tests.channels.conftest import Handler
from tests.channels.outgoing import rows
from tests.services.incidents_scene import do, reported

NIGHT = NOON + timedelta(hours=10)


def test_the_mail_of_a_night_is_one_in_the_morning_and_goes_out_once(smtp: Handler) -> None:
    with unit_of_work("bo") as uow:
        accounts.hear(uow, {}, {"from": "20:00", "until": "07:00", "weekends": False})
    numbers = [reported(f"Screen {each} is dark") for each in range(3)]
    with database.sessions().begin() as session:
        session.execute(text("delete from messages"))
    for number in numbers:
        do(number, "take")
        with unit_of_work("ana", now=NIGHT) as uow:
            conversations.reply(uow, number, "It went dark again.")
    assert {row.next_at for row in rows()} == {NOON + timedelta(hours=19)}  # seven o'clock
    assert (email.send_due().sent, email.send_due().sent) == (3, 0)
    [taken] = smtp.taken
    said = next(taken.message.iter_parts()).get_content().replace("\r\n", "\n")
    assert taken.message["Subject"] == "3 messages from your quiet hours"
    assert all(f"wrote on {number}" in said and f"/incidents/{number}\n" in said for number in numbers)
    assert {row.state for row in rows()} == {"sent"}
