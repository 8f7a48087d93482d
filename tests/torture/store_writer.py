"""Changes a document store at random, beside others: `python -m tests.torture.store_writer FOLDER SEED N`.

After each change it prints what the change was and the version that the store gave it: a line of JSON.
"""

import json
import random
import sys
from pathlib import Path

from tests.torture.document_writer import document, some_change, store_in


def main(folder: Path, seed: int, n: int) -> None:
    chance, store = random.Random(seed), store_in(folder)
    for number in range(n):
        change = some_change(seed, number, chance)
        given = [document(name, text) for name, text in change.items() if text is not None]
        done = store.change(given, [name for name, text in change.items() if text is None])
        is_change = bool(done.added or done.updated or done.deleted)
        print(json.dumps({"change": change, "version": done.version, "is_change": is_change}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
