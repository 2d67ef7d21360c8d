"""Open the demo in TensorBoard and tell the addresses of its three tabs. Further arguments go to TensorBoard."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOGDIR = Path("examples") / "shoes" / "runs"
COMMAND = (
    Path(sys.executable).parent / "tensorboard",
    "--logdir",
    LOGDIR,
    "--insights_what_if",
    "--whatif-use-unsafe-custom-prediction",
    "tb_plugin/what_if_predict.py",
)
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0", "CUDA_VISIBLE_DEVICES": "", "PYTHONWARNINGS": "ignore"}
TABS = (("Insights Triangle", "insights_triangle"), ("Business Cost", "business_cost"), ("What-If", "whatif"))


def addresses(line: str) -> str:
    """What to tell once TensorBoard says, in this line, where it listens; else nothing."""
    found = re.search(r"at (http://\S+:\d+/)", line)
    return "" if found is None else "".join(f"  {title:18} {found.group(1)}#{name}\n" for title, name in TABS)


def form() -> str:
    """What to fill into What-If's form, which it does not take from the address of a fresh page: the examples and the last two models."""
    models = sorted((folder.name for folder in (ROOT / LOGDIR / "pipeline" / "Trainer" / "model").iterdir()), key=int)[:-3:-1]
    return f"  In What-If's form: path {LOGDIR / 'what_if' / 'impressions.tfrecord'}, address local, model {' or '.join(models)}; Accept.\n"


def main(arguments: list[str]) -> int:
    """TensorBoard's exit code; Ctrl-C is a good end."""
    sys.stdout.write("Starting TensorBoard on the demo (it imports TensorFlow first, which takes a while) ...\n")
    sys.stdout.flush()
    with subprocess.Popen([*COMMAND, *arguments], cwd=ROOT, env={**os.environ, **QUIET}, stderr=subprocess.PIPE, text=True) as server:
        try:
            for line in server.stderr:
                told = addresses(line)
                sys.stdout.write(f"\nOpen in a browser (Ctrl-C here ends it):\n\n{told}\n{form()}\n" if told else line)
                sys.stdout.flush()
        except KeyboardInterrupt:
            server.terminate()
            return 0
        return server.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
