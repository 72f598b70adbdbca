"""
The environment of the tests: loaded by pytest before Django reads its settings.

Nothing of a test lands in anybody's data, and a shell that runs the
demonstration changes no test: the addresses of services alone are taken over.
(A conftest would come too late.)
"""

import atexit
import os
import shutil
import tempfile

# Of the tests themselves: how much of the sweep, which browser.
_OURS = ("RUCHE_SWEEP_", "RUCHE_CHROMIUM")

for _name in list(os.environ):
    if _name in ("PORT", "EMAIL_URL") or (
        _name.startswith("RUCHE_") and not _name.startswith(_OURS)
    ):
        del os.environ[_name]
os.environ["RUCHE_DATA"] = tempfile.mkdtemp(prefix="ruche-tests-")


@atexit.register
def _remove(folder: str = os.environ["RUCHE_DATA"], maker: int = os.getpid()) -> None:
    """A process that a test forked leaves it."""
    if os.getpid() == maker:
        shutil.rmtree(folder, ignore_errors=True)


os.mkdir(os.path.join(os.environ["RUCHE_DATA"], "static"))
os.environ["RUCHE_DOMAIN"] = "localhost:8000"
os.environ["RUCHE_SECRET_KEY"] = "for the tests alone"

# Each worker of xdist has a Redis database of its own: tests empty theirs.
_redis, _, _number = os.environ.get("REDIS_URL", "").rpartition("/")
_worker = os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw")
if _worker and _redis and _number.isdigit():
    os.environ["REDIS_URL"] = f"{_redis}/{int(_number) + int(_worker)}"
