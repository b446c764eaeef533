"""A process that sends mails, for tests that kill it: `python -m tests.services.api.mail.sending`."""

import os
import time

from services.api.mail.letters import Letters
from services.api.mail.sender import Sender
from services.api.mail.settings import Smtp
from services.api.pages.settings import Shop
from shared import failpoints
from shared.db.pool import Database

if __name__ == "__main__":
    failpoints.arm(failpoints.Failpoint.read())
    smtp = Smtp.read()
    assert smtp.server is not None
    database = Database(os.environ["DATABASE_URL"])
    database.open()
    Sender(database, Letters(Shop(), smtp.public_url), smtp.server, str(smtp.sender), lease_s=1).start()
    time.sleep(60)
