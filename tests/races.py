"""Two at the same moment, by two connections."""

import threading

from django.db import connection, transaction


def while_waiting(act, change):
    """Begin ``act`` in another thread while ``change`` is not yet committed; return what came."""
    came = []

    def run():
        try:
            came.append(act())
        except Exception as refusal:
            came.append(refusal)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    with transaction.atomic():
        change()
        thread.start()
        thread.join(0.5)
    thread.join()
    return came[0]
