"""The end of a process: what was begun ends well, and whoever listens is told to come back."""

import io
import re
import signal
import socket
import threading
import time
from pathlib import Path

import httpx
import pytest
from PIL import Image
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin

from groups.forms.attachments import FILES
from tests.served import Served
from tests.servers import Serving, is_gone

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

KEPT = "from groups.models import Attachment; print(Attachment.objects.count())"


def a_photo() -> bytes:
    """About a second's work for the darkroom."""
    file = io.BytesIO()
    Image.effect_noise((1000, 1000), 60).resize((5000, 5000)).convert("RGB").save(file, "JPEG")
    return file.getvalue()


def develops(serving: Serving, worker: int, within_s: float = 60) -> bool:
    """Whether a picture is under way: the darkroom is a child of the server, beside the worker."""
    tasks = Path(f"/proc/{serving.process.pid}/task")
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        children = {
            int(child) for each in tasks.glob("*/children") for child in each.read_text().split()
        }
        if children - {worker}:
            return True
        time.sleep(0.01)
    return False


def refuses(port: int, within_s: float = 20) -> bool:
    """Whether the door closes for newcomers."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            return True
        time.sleep(0.05)
    return False


def test_a_request_under_way_ends_sockets_are_told_and_the_worker_stops(tmp_path):
    city = Served(tmp_path / "city")
    serving = Serving(city.environment, "--empty").until_open()
    worker = serving.worker()
    cookies = {"session": city.sessions["membre"]}
    browser = httpx.Client(base_url=city.url, cookies=cookies, timeout=60)
    token = re.search(
        r'name="csrfmiddlewaretoken" value="([^"]+)"', browser.get("/g/jardin/publier").text
    )
    assert token
    sent = {"csrfmiddlewaretoken": token[1]}
    photo = {FILES: ("jardin.jpg", a_photo(), "image/jpeg")}
    answers: list[int] = []

    def send() -> None:
        origin = {"Origin": city.url}
        answers.append(
            browser.post("/moi/images", data=sent, files=photo, headers=origin).status_code
        )

    with connect(
        f"ws://localhost:{city.port}/live?topic=g:jardin",
        origin=Origin(city.url),
        additional_headers={"Cookie": f"session={cookies['session']}"},
    ) as line:
        line.recv(timeout=20)
        sending = threading.Thread(target=send)
        sending.start()
        assert develops(serving, worker)
        assert answers == []

        serving.process.send_signal(signal.SIGTERM)

        assert refuses(city.port)
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                line.recv(timeout=20)
        sending.join(30)

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1001
    assert answers == [302]
    assert serving.process.wait(30) == 0
    assert is_gone(worker)
    assert city.run(KEPT) == "1\n"
    assert "Traceback" not in serving.said()
    city.stop()
