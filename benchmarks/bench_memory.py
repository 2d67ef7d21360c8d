"""The memory a history takes: a fresh process imports the library, then reads, prices and judges the demo's runs."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "examples/shoes/runs"

CODE = """
import resource
from model_insights.view import Request
from model_insights.workspace import Workspace

def resident():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000

imports = resident()
workspace = Workspace.open({logdir!r}, state={state!r})
workspace.scan()
workspace.view(Request())
workspace.view(Request(view="cost"))
runs = len(workspace.histories()[0].runs)
print(f"{{imports:.0f}} MB after the imports, {{resident() - imports:.0f}} MB more for {{runs}} runs read, priced and judged (goal: at most 150)")
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as state:
        code = CODE.format(logdir=str(DEMO), state=state)
        print(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT).stdout, end="")


if __name__ == "__main__":
    main()
