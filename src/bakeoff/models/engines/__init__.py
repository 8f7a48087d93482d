"""One file for each way to run a model that generates text.

Importing OpenVINO sends a message to a service for web statistics, in a forked process, if it finds its package for
that. Nothing leaves this machine unasked, so Python is told before that there is no such package.
"""

import sys

sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # None: importing it is an ImportError
