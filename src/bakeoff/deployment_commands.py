"""Commands about a deployment that can be copied into a shell as they are, with the folder of the deployments.

Takes folders, gives text. Imports nothing that is slow: every command on a deployment begins with it.
"""

import shlex
from pathlib import Path

USUAL = Path("deployments")
"""The folder of the deployments if no other is named."""


def where(deployments: Path) -> str:
    """The option that names the folder of the deployments, with a space before it; empty if it is the usual one.

    >>> where(Path("deployments")), where(Path("my deps"))
    ('', " --deployments 'my deps'")
    """
    return "" if deployments == USUAL else f" --deployments {shlex.quote(str(deployments))}"


def command_on(root: Path, command: str, rest: str = "") -> str:
    """A command about the deployment in this folder.

    >>> command_on(Path("deployments/faq"), "review"), command_on(Path("moved/faq"), "rollback", "--to 2")
    ('bakeoff review faq', 'bakeoff rollback faq --to 2 --deployments moved')
    """
    return f"bakeoff {command} {shlex.quote(root.name)}{rest and f' {rest}'}{where(root.parent)}"
