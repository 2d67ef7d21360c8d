"""Drives the real window on a display as a person would, and writes what it saw as JSON. Run by test_report_window.py."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import tkinter as tk
from pathlib import Path

from report.desk import Desk
from report.window import Window

LOGDIR, STATE, OUT, SHOTS = sys.argv[1:5]


def until(root: tk.Tk, window: Window) -> None:
    """Let the window live until its worker is done."""
    end = time.monotonic() + 150
    while window.desk.busy and time.monotonic() < end:
        root.update()
        time.sleep(0.02)
    for _ in range(10):
        root.update()
        time.sleep(0.02)


def shoot(root: tk.Tk, name: str) -> None:
    root.update()
    subprocess.run(["import", "-window", "root", f"{SHOTS}/{name}.png"], check=False)


def main() -> None:
    root = tk.Tk()
    root.geometry("1180x900+0+0")
    window = Window(root, Desk(STATE))
    saw = {"start": str(window.draw_button["state"])}
    shoot(root, "window_start")
    window.folder.set("/nowhere/at/all")
    window.read_button.invoke()
    saw["cancel_shown"] = bool(window.cancel_button.winfo_manager())
    until(root, window)
    saw["wrong"] = str(window.status["text"])
    window.folder.set(LOGDIR)
    window.read_button.invoke()
    until(root, window)
    saw |= {"read": str(window.status["text"]), "runs": len(window.period.box["values"]), "period": window.period.box.get()}
    window.period.box.current(1)
    window.period.box.event_generate("<<ComboboxSelected>>")
    until(root, window)
    saw["chosen"] = window.period.box.get()
    window.length.set("One page")
    window.draw_button.invoke()
    root.update()
    shoot(root, "window_drawing")
    until(root, window)
    saw |= {"drawn": str(window.status["text"]), "where": str(window.where["text"]), "save": str(window.save_button["state"])}
    saw["saved"] = window.desk.save(OUT)
    shoot(root, "window_drawn")
    window.close()
    Path(f"{SHOTS}/saw.json").write_text(json.dumps(saw))


main()
