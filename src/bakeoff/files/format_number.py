"""The number of the format that a file was written in: read before anything else of the file is understood.

Takes what a JSON file holds. Knows no format.
"""

from pathlib import Path
from typing import Any

import bakeoff
from bakeoff.errors import RunFolderError
from bakeoff.files.plain_json import plain_json


def refuse_other_format(path: Path, content: str | bytes, field: str, earliest: int, latest: int, remedy: str) -> Any:
    """What a JSON file holds, if the number in `field` is read here. Without one it is of the earliest format.

    Raises RunFolderError for another number, with the version that wrote it if the file says so, and ValueError for
    what is no JSON.
    """
    values = plain_json(content)
    number = values.get(field, earliest) if isinstance(values, dict) else earliest
    if isinstance(number, int) and earliest <= number <= latest:
        return values
    by = f", written by Bakeoff {values['bakeoff']}" if isinstance(values.get("bakeoff"), str) else ""
    reads = f"format {latest}" if earliest == latest else f"formats {earliest} to {latest}"
    here = f"This is Bakeoff {bakeoff.__version__}, which reads {reads}."
    raise RunFolderError(f"{path} has format {number!r}{by}. {here}", remedy)
