"""How long sources take: everything at first, nothing changed, and 1 % changed.

`python benchmarks/source_sync.py [N]` makes N short documents (5,000 by default) in a folder, a Git repository, an mbox
and a bucket in memory, and prints seconds of `changes_since`, the ratio of 1 % changed to everything, and the size of
the cursor. Then a bucket with 100,000 empty objects.
"""

import mailbox
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from printed_tables import header, line

from bakeoff.corpus.sources.bucket import BucketSource
from bakeoff.corpus.sources.folder_source import FolderSource
from bakeoff.corpus.sources.git import GitSettings
from bakeoff.corpus.sources.mail import MailSource
from bakeoff.protocols import Source

TEXT = "Kettles may be returned within 60 days if they were not used. " * 12


def text_of(i: int, version: int) -> str:
    return f"# Document {i}\n\nVersion {version}. {TEXT}\n"


def in_folder(root: Path, chosen: range, version: int) -> None:
    for i in chosen:
        (root / f"{i % 100}").mkdir(parents=True, exist_ok=True)
        (root / f"{i % 100}" / f"{i}.md").write_text(text_of(i, version))


def committed(root: Path, chosen: range, version: int) -> None:
    in_folder(root, chosen, version)
    git = ["git", "-C", str(root), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "-m", "x"]):
        subprocess.run([*git, *command], check=True)


def mailed(path: Path, n: int, n_changed: int) -> None:
    path.unlink(missing_ok=True)
    box = mailbox.mbox(path)
    for i in range(n):
        message = EmailMessage()
        message["From"], message["Subject"], message["Message-ID"] = (
            "ada@example.org",
            f"Number {i}",
            f"<{i}@example.org>",
        )
        message.set_content(text_of(i, int(i < n_changed)))
        box.add(message)
    box.close()


def columns() -> None:
    header("source", "everything s", "nothing changed s", "1 % changed s", "ratio", "cursor, bytes a document")


def timed(name: str, n: int, source: Source, change: Callable[[], Any]) -> None:
    seconds, cursor, found = [], "", []
    for step in range(3):
        if step == 2:
            change()
        began = time.perf_counter()
        changes = source.changes_since(cursor)
        seconds.append(time.perf_counter() - began)
        found.append(len(changes.documents))
        cursor = changes.cursor
    assert found == [n, 0, n // 100], found
    everything, nothing, some = seconds
    rate = f"{everything:.2f} ({n / everything:,.0f}/s)"
    line(name, rate, f"{nothing:.2f}", f"{some:.2f}", f"{some / everything:.2f}", f"{len(cursor) / n:.0f}")


def main(n: int) -> None:
    from obstore.store import MemoryStore

    store, few = MemoryStore(), range(n // 100)
    print(f"{n:,} documents of {len(text_of(0, 0))} characters")
    columns()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        in_folder(root / "files", range(n), 0)
        timed("files", n, FolderSource([root / "files"]), lambda: in_folder(root / "files", few, 1))
        committed(root / "git", range(n), 0)
        timed("git", n, GitSettings(git=str(root / "git")).open(), lambda: committed(root / "git", few, 1))
        mailed(root / "all.mbox", n, 0)
        timed("mail", n, MailSource([root / "all.mbox"]), lambda: mailed(root / "all.mbox", n, n // 100))
        for i in range(n):
            store.put(f"{i}.md", text_of(i, 0).encode())
        change = [lambda i=i: store.put(f"{i}.md", text_of(i, 1).encode()) for i in few]
        timed("bucket (memory)", n, BucketSource(store, "memory"), lambda: [put() for put in change])
    for i in range(100_000):
        store.put(f"empty/{i}.md", b"")
    began = time.perf_counter()
    BucketSource(store, "memory", ["empty"]).changes_since("")
    print(f"\nA bucket with 100,000 empty objects: {time.perf_counter() - began:.1f} s.")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000)
