#!/bin/sh
# Make the checkout's environment (.venv). This finds a Python that can; setup.py does the work.
#
#   ROBOT_VOICE_PYTHON=/path/to/python3.12   use this one
#   ROBOT_VOICE_EXTRAS=dev,aec               the package's extras to install (default: dev)
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
oldest='import sys; sys.exit(sys.version_info < (3, 11))'

suits() { "$1" -I -c "$oldest" >/dev/null 2>&1; }

find_python() {
    if [ -n "${ROBOT_VOICE_PYTHON:-}" ]; then
        suits "$ROBOT_VOICE_PYTHON" && printf '%s\n' "$ROBOT_VOICE_PYTHON"
        return
    fi
    # The environment's own first: with nothing to do, looking any further is wasted time.
    # Then the versions most wheels are built for.
    for python in "$here/../.venv/bin/python" python3.12 python3.11 python3 python3.13; do
        if suits "$python"; then
            printf '%s\n' "$python"
            return
        fi
    done
    return 1
}

install_python() {
    command -v apt-get >/dev/null 2>&1 || return 1
    if [ "$(id -u)" = 0 ]; then as_root=''; else as_root='sudo -n'; fi
    echo "setup: installing python3 with apt"
    $as_root env DEBIAN_FRONTEND=noninteractive sh -c \
        'apt-get update -qq && apt-get install -yqq --no-install-recommends python3 python3-venv' \
        </dev/null >/dev/null
}

if [ -n "${ROBOT_VOICE_PYTHON:-}" ]; then
    python=$(find_python) || {
        echo "setup: ROBOT_VOICE_PYTHON=$ROBOT_VOICE_PYTHON is not a working Python 3.11 or newer" >&2
        exit 1
    }
else
    python=$(find_python) || { install_python && python=$(find_python); } || {
        echo "setup: Python 3.11 or newer is needed. On Debian 12, Ubuntu 24.04 or newer, type" >&2
        echo "    sudo apt-get install python3 python3-venv" >&2
        echo "or name one by ROBOT_VOICE_PYTHON=/path/to/python3" >&2
        exit 1
    }
fi
cd "$here/.."
exec "$python" -E -s -m scripts.setup
