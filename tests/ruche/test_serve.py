"""The start: what is refused, in one sentence; what opens, and what is left when it stops."""

import os
import signal
import socket
import time
import urllib.request

import pytest
from django.conf import settings as configured

from ruche import start
from ruche.models import Instance
from tests.people import a_user
from tests.servers import Serving, bare_environment, free_port, is_gone, refusal

CITY = {
    "RUCHE_DOMAIN": "ruche.example.org",
    "RUCHE_SECRET_KEY": "for the tests alone",
    "EMAIL_URL": "smtp://127.0.0.1:9",
}


# --- Refused ------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(CITY))
def test_a_city_does_not_open_without(name, settings):
    settings.RUCHE_DEMO = False
    environment = {key: value for key, value in CITY.items() if key != name}

    with pytest.raises(start.CannotStart, match=f"Il manque {name} : donnez"):
        start.check_settings("0.0.0.0", environment)

    start.check_settings("0.0.0.0", CITY)


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.168.1.10", ""])
def test_the_demonstration_listens_to_this_machine_alone(address, settings):
    settings.RUCHE_DEMO = True

    with pytest.raises(start.CannotStart, match="n’écoute que sur 127"):
        start.check_settings(address)

    start.check_settings("127.0.0.1")


@pytest.mark.parametrize(
    "domain", ["ruche.brest.bzh", "localhost.brest.bzh", "xlocalhost", "test", "x.test.org"]
)
def test_the_demonstration_takes_nobodys_name(domain, settings):
    settings.RUCHE_DEMO = True
    settings.RUCHE_DOMAIN = domain

    with pytest.raises(start.CannotStart, match="ne porte pas le nom"):
        start.check_settings("127.0.0.1")


@pytest.mark.parametrize("domain", ["localhost:8000", "localhost", "brest.test", "a.example:81"])
def test_the_demonstration_takes_names_that_nobody_has(domain, settings):
    settings.RUCHE_DEMO = True
    settings.RUCHE_DOMAIN = domain

    assert not is_refused("127.0.0.1")
    assert is_refused("0.0.0.0")


def is_refused(address: str) -> bool:
    try:
        start.check_settings(address)
    except start.CannotStart:
        return True
    return False


def test_proxies_that_are_no_addresses_are_refused(settings):
    settings.RUCHE_TRUSTED_PROXIES = ["everybody"]

    with pytest.raises(start.CannotStart, match="RUCHE_TRUSTED_PROXIES"):
        start.check_settings("127.0.0.1", CITY)


@pytest.mark.django_db
def test_the_domain_is_pinned_by_the_first_start_and_another_is_refused(settings):
    settings.RUCHE_DOMAIN = "ruche.example.org"
    start.lock_domain()
    settings.RUCHE_DOMAIN = "autre.example.org"

    with pytest.raises(start.CannotStart, match=r"RUCHE_DOMAIN=ruche\.example\.org") as refused:
        start.lock_domain()

    assert "--move-to autre.example.org" in str(refused.value)
    assert Instance.objects.get().domain == "ruche.example.org"


@pytest.mark.django_db
def test_the_domain_moves_only_to_the_name_that_is_said_twice(settings):
    settings.RUCHE_DOMAIN = "ruche.example.org"
    start.lock_domain()
    settings.RUCHE_DOMAIN = "autre.example.org"
    with pytest.raises(start.CannotStart):
        start.lock_domain(move_to="faute.example.org")

    start.lock_domain(move_to="autre.example.org")

    assert Instance.objects.get().domain == "autre.example.org"


@pytest.mark.django_db
def test_a_city_does_not_open_on_the_demonstrations_accounts():
    a_user("administratrice", is_demo=True)

    with pytest.raises(start.CannotStart, match="démonstration"):
        start.lock_domain()

    assert not Instance.objects.exists()


def test_a_busy_port_gets_one_sentence(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        said = refusal(bare_environment(tmp_path, RUCHE_DEMO="1", PORT=str(port)))

    assert said.startswith(f"Le port {port} de 127.0.0.1 n’est pas libre")
    assert len(said.splitlines()) == 1


def test_a_folder_that_cannot_be_written_gets_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")

    said = refusal(bare_environment(tmp_path / "file" / "data", RUCHE_DEMO="1"))

    assert "ne s’ouvre pas en écriture" in said
    assert "RUCHE_DATA=" in said
    assert len(said.splitlines()) == 1


def test_a_database_that_does_not_answer_gets_one_sentence(tmp_path):
    nobody = f"postgresql://ruche@127.0.0.1:{free_port()}/ruche"

    said = refusal(bare_environment(tmp_path, RUCHE_DEMO="1", DATABASE_URL=nobody))

    assert said.startswith("La base de données ne répond pas")
    assert len(said.splitlines()) == 1


def test_a_setting_that_does_not_read_gets_one_sentence(tmp_path):
    said = refusal(bare_environment(tmp_path, RUCHE_DEMO="1", PORT="huit mille"))

    assert said.startswith("Un réglage ne se lit pas")
    assert len(said.splitlines()) == 1


# --- Open ---------------------------------------------------------------------


@pytest.mark.slow
def test_the_city_opens_and_stops_with_its_worker_and_opens_again(tmp_path):
    environment = bare_environment(tmp_path / "data", RUCHE_DEMO="1")
    first = Serving(environment, "--empty").until_open()
    worker = first.worker()
    with urllib.request.urlopen(f"{first.address}/aide") as page:
        assert page.status == 200
        assert b"/static/ruche/ruche." in page.read()

    assert _answer_to_a_body_of(70_000_000, first.port).startswith(b"HTTP/1.1 413 ")

    assert first.stop() == 0

    assert is_gone(worker)
    assert f"http://localhost:{first.port}" in first.said()
    assert "/courrier" in first.said()
    assert "Traceback" not in first.said()
    second = Serving(environment, "--empty").until_open()
    assert second.stop(signal.SIGINT) == 0


def _answer_to_a_body_of(length: int, port: int) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(f"POST /aide HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode())
        return line.recv(100)


@pytest.mark.slow
def test_a_worker_that_dies_is_started_again_and_one_without_server_ends(tmp_path):
    environment = bare_environment(tmp_path / "data", RUCHE_DEMO="1")
    serving = Serving(environment, "--empty").until_open()
    first = serving.worker()

    os.kill(first, signal.SIGKILL)

    assert is_gone(first)
    second = _eventually_another(serving, first)
    serving.stop(signal.SIGKILL)
    assert is_gone(second)


def _eventually_another(serving: Serving, first: int) -> int:
    for _ in range(100):
        time.sleep(0.1)
        try:
            found = serving.worker()
        except (IndexError, FileNotFoundError):
            continue
        if found != first:
            return found
    raise AssertionError(serving.said())


def test_the_tests_themselves_use_a_folder_of_their_own():
    assert "ruche-tests-" in str(configured.RUCHE_DATA)
