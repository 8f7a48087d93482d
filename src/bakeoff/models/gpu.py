"""Whether there is a GPU that torch can use.

Takes nothing. Imports torch only where a driver is installed, since that takes more than a second.
"""

import functools
import importlib.util
import shutil
from pathlib import Path

DEVICES = ("/dev/nvidiactl", "/dev/nvhost-ctrl-gpu", "/dev/dxg", "/dev/kfd")
"""What the drivers of NVIDIA, of its small boards, of Windows for Linux, and of AMD put there."""


@functools.cache
def has_gpu() -> bool:
    """Whether torch can use a GPU of this machine."""
    if not has_driver() or importlib.util.find_spec("torch") is None:
        return False
    import torch

    return torch.cuda.is_available()


def compute_device() -> str:
    """Where torch computes: `cuda` if it can use a GPU, else `cpu`."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def has_driver() -> bool:
    """Whether the driver of a GPU is installed."""
    return shutil.which("nvidia-smi") is not None or any(Path(device).exists() for device in DEVICES)


def has_bfloat16(device: str = "cpu") -> bool:
    """Whether torch multiplies bfloat16 numbers on this device with instructions of its own."""
    import torch

    if device == "cuda":
        return torch.cuda.is_bf16_supported()
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16"))
