"""Build the wheel, install it without extras into a clean environment, and use it from an empty folder.

A script, not a test of pytest: it must not see the checkout. Prints one line; exits with 1 where something is missing.
"""

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
DOCUMENT = "# Aldra\n\nThe planet Aldra circles its star once in 314 days.\n"
QUESTIONS = "question,answers\n" + "".join(f"How long is year {n} on Aldra?,{n} days\n" for n in range(40))


def main() -> None:
    """Build, install, advise, init."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check"]
        run([*pip, "wheel", "--no-deps", "-w", str(root / "dist"), str(REPOSITORY)], root)
        (wheel,) = (root / "dist").glob("bakeoff-*.whl")
        venv.create(root / "env", with_pip=True)
        own = [str(root / "env/bin/python"), "-m", "pip", "-q", "--disable-pip-version-check"]
        run([*own, "install", "-c", str(REPOSITORY / "constraints.txt"), str(wheel)], root)
        check_page(root)
        use(root)
    print("wheel: installed in a clean environment; init, advise and schema work without extras")  # noqa: T201


def check_page(root: Path) -> None:
    """Every file of the web page was installed."""
    page = REPOSITORY / "src/bakeoff/serve/web"
    installed = {path.name for path in root.glob("env/lib/*/site-packages/bakeoff/serve/web/*")}
    if missing := {path.name for path in page.iterdir() if path.is_file()} - installed:
        sys.exit(f"wheel: of the web page, {', '.join(sorted(missing))} is missing")


def use(root: Path) -> None:
    """The commands that need no extra, from a folder that holds nothing but data."""
    work = root / "work"
    (work / "docs").mkdir(parents=True)
    (work / "docs" / "aldra.md").write_text(DOCUMENT)
    (work / "questions.csv").write_text(QUESTIONS)
    bakeoff = str(root / "env/bin/bakeoff")
    run([bakeoff, "--version"], work)
    run([bakeoff, "init", "docs", "--questions", "questions.csv"], work)
    run([bakeoff, "advise", "-d", "docs", "-q", "questions.csv"], work)
    run([bakeoff, "schema"], work)
    for path in ("bakeoff.yaml", "advice/advice.html"):
        if not (work / path).exists():
            sys.exit(f"wheel: {path} was not written")


def run(command: list[str], folder: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL
    )
    if done.returncode != 0:
        sys.exit(f"wheel: {' '.join(command)} failed:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    main()
