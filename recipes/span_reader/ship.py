"""Puts trained weights into the package, as differences of eight bits each, and pins their checksum.

python recipes/span_reader/ship.py FOLDER/pass-3.safetensors
"""

import argparse
import re
from pathlib import Path

from safetensors.torch import load_file

from bakeoff.models.checksums import file_sha256
from bakeoff.models.spans import shipped
from bakeoff.models.spans.network import untrained
from bakeoff.models.spans.weights import save_difference

LARGEST_BYTES = 12_000_000


def main() -> None:
    """Writes the file and the constant in the source."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path)
    trained = parser.parse_args().weights
    base = shipped.base_folder()
    network = untrained(base, 0)
    network.load_state_dict(load_file(trained), strict=False)
    shipped.WEIGHTS.parent.mkdir(parents=True, exist_ok=True)
    save_difference(network, base, shipped.WEIGHTS)
    n_bytes = shipped.WEIGHTS.stat().st_size
    if n_bytes > LARGEST_BYTES:
        raise SystemExit(f"{shipped.WEIGHTS} has {n_bytes:,} bytes; at most {LARGEST_BYTES:,} are shipped")
    source = Path(shipped.__file__)
    code, n = re.subn(
        r'^PINNED = "\w*"', f'PINNED = "{file_sha256(shipped.WEIGHTS)}"', source.read_text(encoding="utf-8"), flags=re.M
    )
    if n != 1:
        raise SystemExit(f"{source} pins the sum {n} times; once is needed")
    source.write_text(code, encoding="utf-8")
    print(f"{shipped.WEIGHTS}: {n_bytes:,} bytes")


if __name__ == "__main__":
    main()
