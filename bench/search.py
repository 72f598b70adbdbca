"""
Two words among 100,000 messages: our search, and the bare SQL of the same question.

Both in the same run, in turns, on the same rows, on SQLite and, where
``DATABASE_URL`` leads to one, on PostgreSQL in a database of its own. The bare
SQL is written by hand: the words put to the engine's index, the reader's
rights, the newest 21 with their author and group; its rows are fetched and
thrown away. Ours gives the page's objects. Goal: three times its time or less.
The long form writes ``bench/results/search.json`` and ``search.md``.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

LONG = os.environ.get("BENCH", "long") == "long"
ROWS = int(os.environ.get("BENCH_ROWS", "100000" if LONG else "2000"))
ROUNDS = 15 if LONG else 3
GOAL = 3.0
RESULTS = Path(__file__).parent / "results"
OWN_DATABASE = "ruche_bench_search"


def _environment(folder: Path, url: str) -> dict[str, str]:
    keep = {k: v for k, v in os.environ.items() if not k.startswith(("RUCHE_", "DATABASE"))}
    return keep | {
        "RUCHE_DATA": str(folder),
        "RUCHE_DEMO": "1",
        "REDIS_URL": "",
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "ruche.settings",
    }


def measure(url: str) -> dict:
    """Fill a new database and measure in a process of its own; return its figures."""
    with tempfile.TemporaryDirectory(prefix="ruche-bench-") as folder:
        environment = _environment(Path(folder), url)
        migrate = [sys.executable, "manage.py", "migrate", "-v0"]
        subprocess.run(migrate, env=environment, check=True)
        run = [sys.executable, "-m", "bench._search", str(ROWS), str(ROUNDS)]
        done = subprocess.run(run, env=environment, check=True, stdout=subprocess.PIPE, text=True)
        return json.loads(done.stdout.splitlines()[-1])


def on_postgresql(url: str) -> dict:
    import psycopg

    own = urlsplit(url)._replace(path=f"/{OWN_DATABASE}").geturl()
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {OWN_DATABASE}")
        server.execute(f"CREATE DATABASE {OWN_DATABASE}")
        try:
            return measure(own)
        finally:
            server.execute(f"DROP DATABASE {OWN_DATABASE} WITH (FORCE)")


def report(engines: list[dict]) -> float:
    """Say what was measured; return the largest ratio of medians."""
    lines = [
        f"# Two words among {ROWS:,} messages: our search and the bare SQL of the same question",
        "",
        "| engine | words | reader | found | bare SQL | ours | ratio |",
        "|---|---|---|---|---|---|---|",
    ]
    ratios = []
    for engine in engines:
        for asked in engine["questions"]:
            bare, ours = (statistics.median(asked[which]) for which in ("bare_ms", "ours_ms"))
            asked["ratio"] = round(ours / bare, 2)
            ratios.append(ours / bare)
            lines.append(
                f"| {engine['engine']} | {asked['words']} | {asked['reader']} | {asked['found']}"
                f" | {bare:.1f} ms | {ours:.1f} ms | {ours / bare:.2f} |"
            )
    lines += [""] + [
        f"{engine['engine']}: indexed in {engine['indexed_s']:.0f} s"
        f" ({ROWS / engine['indexed_s']:,.0f} messages a second)."
        for engine in engines
    ]
    lines.append(
        f"Medians of {ROUNDS} rounds in turns, {os.cpu_count()} cores,"
        f" load {os.getloadavg()[0]:.1f}. Goal: a ratio of {GOAL:.0f} or less."
    )
    print("\n".join(lines))
    if LONG:
        RESULTS.mkdir(exist_ok=True)
        figures = {"rows": ROWS, "rounds": ROUNDS, "goal": GOAL, "load": os.getloadavg()}
        whole = json.dumps({**figures, "engines": engines}, indent=2, ensure_ascii=False)
        (RESULTS / "search.json").write_text(whole + "\n")
        (RESULTS / "search.md").write_text("\n".join(lines) + "\n")
    return max(ratios)


def main() -> int:
    engines = [measure("")]
    url = os.environ.get("DATABASE_URL", "")
    if url.startswith("postgres"):
        engines.append(on_postgresql(url))
    ratio = report(engines)
    # The short form says that it runs; only the long one is a measure.
    return int(LONG and ratio > GOAL)


if __name__ == "__main__":
    sys.exit(main())
