"""
Fill .venv with what a requirements file locks, once for each content of that file.

Runs under the system's Python, before anything is installed: standard library alone.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"


def run(*command: str) -> None:
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        sys.stderr.buffer.write(done.stdout[-4000:])
        sys.exit(
            f"L’installation s’est arrêtée sur « {' '.join(command[:4])} … » : vérifiez la"
            " connexion au réseau et la place libre, puis relancez."
        )


def make(uv: str | None) -> None:
    if PYTHON.exists():
        works = subprocess.run([PYTHON, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"])
        if works.returncode == 0:
            return
        shutil.rmtree(VENV)
    if uv:
        run(uv, "venv", "--quiet", "--python", sys.executable, str(VENV))
        return
    made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True)
    if made.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        sys.exit(
            "Python ne sait pas faire d’environnement ici : installez son module venv"
            " (Debian : apt install python3-venv), puis relancez."
        )


def main(requirements: str) -> None:
    if VENV.is_symlink():
        return  # Somebody else's to fill.
    locked = ROOT / requirements
    wanted = hashlib.sha256(locked.read_bytes()).hexdigest()
    stamp = VENV / f".{requirements}.sha256"
    if PYTHON.exists() and stamp.exists() and stamp.read_text() == wanted:
        return
    uv = shutil.which("uv")
    print(f"Installation de ce qu’il faut dans .venv ({requirements})…", flush=True)
    try:
        make(uv)
        if uv:
            os.environ["VIRTUAL_ENV"] = str(VENV)
            run(uv, "pip", "install", "--quiet", "--require-hashes", "-r", requirements)
        else:
            pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input"]
            run(*pip, "install", "--quiet", "--require-hashes", "-r", requirements)
        stamp.write_text(wanted)
    except OSError as error:
        sys.exit(f"Ce dossier ne s’ouvre pas en écriture ({error}) : donnez-en les droits.")


if __name__ == "__main__":
    main(sys.argv[1])
