"""The desktop window: choose a folder, a run and a form, look at the pages, save. Widgets only; what they do is in `desk`."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

try:
    import tkinter as tk
    from tkinter import filedialog, ttk
except ImportError as error:  # Debian keeps Tk in a package of its own
    from report import ReportUnavailable

    raise ReportUnavailable(
        "The window needs tkinter: apt-get install python3-tk (or your system's package for Tk; a Python from pyenv is built with tk-dev). "
        f"The command line does without: insights-report LOGDIR -o report.pdf. ({error})"
    ) from error

from model_insights.errors import InsightsError
from model_insights.view import Choice, Selection
from report import ReportUnavailable
from report.desk import Desk, Outcome, recent, show
from report.gather import Wish
from report.look import Length, Paper

LENGTHS: dict[str, Length] = {"Eight pages": "standard", "One page": "brief", "With appendix for engineers": "full"}
PAPERS: dict[str, Paper | None] = {"As configured": None, "A4": "A4", "Letter": "Letter"}
EVERY = 100  # milliseconds between two looks at the worker


def run(logdir: str = "", *, config: str = "", state: str = "") -> int:
    """Show the window until it is closed; returns the exit code. Raises ReportUnavailable where there is no display."""
    try:
        root = tk.Tk()
    except tk.TclError as error:
        raise ReportUnavailable(f"The window needs a desktop, and there is none here ({error}). Use the command line.") from error
    Window(root, Desk(state), logdir, config)
    root.mainloop()
    return 0


class Picker:
    """A labelled list of choices that shows words and gives ids."""

    def __init__(self, parent: ttk.Frame, label: str, row: int, chosen: Any = None) -> None:
        ttk.Label(parent, text=label).grid(row=row, column=0, sticky="w", pady=(8, 0))
        self.box = ttk.Combobox(parent, state="disabled", width=42)
        self.box.grid(row=row + 1, column=0, columnspan=2, sticky="ew")
        self._ids: list[str] = []
        if chosen:
            self.box.bind("<<ComboboxSelected>>", lambda _: chosen())

    def offer(self, choices: tuple[Choice, ...], chosen: str) -> None:
        usable = [one for one in choices if one.enabled]
        self._ids = [one.id for one in usable]
        self.box.configure(values=[f"{one.text} ({one.hint})" if one.hint else one.text for one in usable], state="readonly")
        self.box.set("")
        if chosen in self._ids:
            self.box.current(self._ids.index(chosen))

    def id(self) -> str:
        at = self.box.current()
        return self._ids[at] if 0 <= at < len(self._ids) else ""


class Window:
    """The widgets, and the loop that looks at the worker."""

    def __init__(self, root: tk.Tk, desk: Desk, logdir: str = "", config: str = "") -> None:
        self.root, self.desk, self.page = root, desk, 0
        self._picture: tk.PhotoImage | None = None
        root.title("Insights Triangle: report")
        root.minsize(980, 640)
        root.protocol("WM_DELETE_WINDOW", self.close)
        root.columnconfigure(1, weight=1)
        root.rowconfigure(0, weight=1)
        self._style()
        side = ttk.Frame(root, padding=16)
        side.grid(row=0, column=0, sticky="ns")
        self._build_where(side, logdir, config)
        self._build_which(side)
        self._build_actions(side)
        self._build_preview()
        self._build_status()
        self._enable()
        if logdir:
            self.read()
        self._tick()

    # --- building ------------------------------------------------------------------------------------------------------------------

    def _style(self) -> None:
        style = ttk.Style(self.root)
        if "clam" in style.theme_names():
            style.theme_use("clam")
        style.configure(".", background="#f3f5f7", foreground="#18222d")
        style.configure("Main.TButton", background="#1d4f7c", foreground="#ffffff")
        style.map("Main.TButton", background=[("disabled", "#93a0ad"), ("active", "#163d60")], foreground=[("disabled", "#f3f5f7")])
        for kind in ("TCombobox", "TEntry"):
            style.map(kind, fieldbackground=[("disabled", "#e6ebf1"), ("readonly", "#ffffff")], foreground=[("disabled", "#566270")])
        self.root.configure(background="#f3f5f7")

    def _build_where(self, side: ttk.Frame, logdir: str, config: str) -> None:
        ttk.Label(side, text="1. Folder with the pipeline runs").grid(row=0, column=0, columnspan=2, sticky="w")
        self.folder = ttk.Combobox(side, values=recent(self.desk.state), width=42)
        self.folder.set(logdir)
        self.folder.grid(row=1, column=0, columnspan=2, sticky="ew")
        self.folder.bind("<<ComboboxSelected>>", lambda _: self.read())
        self.folder.bind("<Return>", lambda _: self.read())
        ttk.Label(side, text="Prices: insights.toml (empty: the nearest is found)").grid(
            row=2, column=0, columnspan=2, sticky="w", pady=(8, 0)
        )
        self.config = ttk.Entry(side)
        self.config.insert(0, config)
        self.config.grid(row=3, column=0, columnspan=2, sticky="ew")
        self.browse = ttk.Button(side, text="Choose folder ...", command=self._choose_folder)
        self.browse.grid(row=4, column=0, sticky="ew", padx=(0, 3), pady=(6, 0))
        ttk.Button(side, text="Choose prices ...", command=self._choose_config).grid(row=4, column=1, sticky="ew", padx=(3, 0), pady=(6, 0))
        self.read_button = ttk.Button(side, text="Read the folder", command=self.read)
        self.read_button.grid(row=5, column=0, columnspan=2, sticky="ew", pady=(4, 4))

    def _build_which(self, side: ttk.Frame) -> None:
        self.pipeline = Picker(side, "2. Pipeline", 6, lambda: self._choices(run=""))
        self.period: Picker = Picker(side, "Period", 8, lambda: self._choices(run=self.period.id()))
        self.reference = Picker(side, "Compare with", 10)
        self.length = self._fixed(side, "Length", 12, tuple(LENGTHS))
        self.paper = self._fixed(side, "Paper", 14, tuple(PAPERS))

    def _fixed(self, side: ttk.Frame, label: str, row: int, values: tuple[str, ...]) -> ttk.Combobox:
        ttk.Label(side, text=label).grid(row=row, column=0, sticky="w", pady=(8, 0))
        box = ttk.Combobox(side, state="readonly", values=values)
        box.current(0)
        box.grid(row=row + 1, column=0, columnspan=2, sticky="ew")
        return box

    def _build_actions(self, side: ttk.Frame) -> None:
        self.draw_button = ttk.Button(side, text="3. Make the report", style="Main.TButton", command=self.draw)
        self.draw_button.grid(row=16, column=0, columnspan=2, sticky="ew", pady=(18, 4), ipady=3)
        self.save_button = ttk.Button(side, text="Save as ...", command=self._save_as)
        self.save_button.grid(row=17, column=0, sticky="ew", padx=(0, 3))
        self.open_button = ttk.Button(side, text="Open", command=self._open)
        self.open_button.grid(row=17, column=1, sticky="ew", padx=(3, 0))
        side.columnconfigure((0, 1), weight=1, uniform="half")

    def _build_preview(self) -> None:
        frame = ttk.Frame(self.root, padding=(0, 16, 16, 0))
        frame.grid(row=0, column=1, sticky="nsew")
        frame.rowconfigure(0, weight=1)
        frame.columnconfigure(0, weight=1)
        self.canvas = tk.Canvas(frame, background="#dfe4e9", highlightthickness=0, width=680)
        self.canvas.grid(row=0, column=0, columnspan=3, sticky="nsew")
        bar = ttk.Scrollbar(frame, command=self.canvas.yview)
        bar.grid(row=0, column=3, sticky="ns")
        self.canvas.configure(yscrollcommand=bar.set)
        for event, step in (("<Button-4>", -3), ("<Button-5>", 3)):
            self.canvas.bind(event, lambda _, by=step: self.canvas.yview_scroll(by, "units"))  # type: ignore[misc]
        self.canvas.bind("<MouseWheel>", lambda event: self.canvas.yview_scroll(-1 if event.delta > 0 else 1, "units"))
        self.canvas.bind("<Configure>", lambda _: self._show_page())
        turn = ttk.Frame(frame)
        turn.grid(row=1, column=0, pady=6)
        self.back = ttk.Button(turn, text="‹ Previous", command=lambda: self.turn(-1))
        self.where = ttk.Label(turn, text="", width=16, anchor="center")
        self.forth = ttk.Button(turn, text="Next ›", command=lambda: self.turn(1))
        for column, widget in enumerate((self.back, self.where, self.forth)):
            widget.grid(row=0, column=column)
        self.root.bind("<Prior>", lambda _: self.turn(-1))
        self.root.bind("<Next>", lambda _: self.turn(1))

    def _build_status(self) -> None:
        frame = ttk.Frame(self.root, padding=(16, 6, 16, 12))
        frame.grid(row=1, column=0, columnspan=2, sticky="ew")
        frame.columnconfigure(0, weight=1)
        self.status = ttk.Label(frame, text="Choose the folder with the pipeline runs.", wraplength=900, justify="left")
        self.status.grid(row=0, column=0, sticky="w")
        self.progress = ttk.Progressbar(frame, mode="indeterminate", length=140)
        self.cancel_button = ttk.Button(frame, text="Cancel", command=self.desk.cancel)
        frame.bind("<Configure>", lambda event: self.status.configure(wraplength=max(event.width - 280, 300)))

    # --- what a person does ----------------------------------------------------------------------------------------------------------

    def _choose_folder(self) -> None:
        chosen = filedialog.askdirectory(title="Folder with the pipeline runs", initialdir=self.folder.get() or None, mustexist=True)
        if chosen:
            self.folder.set(chosen)
            self.read()

    def _choose_config(self) -> None:
        chosen = filedialog.askopenfilename(title="insights.toml", filetypes=[("insights.toml", "*.toml"), ("All files", "*")])
        if chosen:
            self.config.delete(0, "end")
            self.config.insert(0, chosen)

    def read(self) -> None:
        self.desk.read(self.folder.get().strip(), self.config.get().strip())
        self._enable()

    def draw(self) -> None:
        self.desk.draw(self.wish())
        self._enable()

    def wish(self) -> Wish:
        """What the widgets say."""
        return Wish(
            pipeline=self.pipeline.id(),
            run=self.period.id(),
            reference=self.reference.id(),
            length=LENGTHS[self.length.get()],
            paper=PAPERS[self.paper.get()],
        )

    def _choices(self, run: str) -> None:
        self.desk.choose(Wish(pipeline=self.pipeline.id(), run=run))
        self._enable()

    def _save_as(self) -> None:
        path = filedialog.asksaveasfilename(
            title="Save the report", defaultextension=".pdf", initialfile="report.pdf", filetypes=[("PDF", "*.pdf")]
        )
        if path:
            self.say(self.desk.save(path))

    def _open(self) -> None:
        try:
            self.say(show(self.desk.shown()))
        except (InsightsError, OSError) as error:
            self.say(f"The report cannot be opened: {error}")

    def turn(self, by: int) -> None:
        pages = self.desk.drawing.pages if self.desk.drawing else ()
        self.page = min(max(self.page + by, 0), max(len(pages) - 1, 0))
        self._show_page()

    def close(self) -> None:
        self.desk.close()
        self.root.destroy()

    # --- what the worker did -----------------------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        outcome = self.desk.poll()
        if outcome is not None:
            self.take(outcome)
        elif self.desk.busy:
            self.say(self.desk.said)
        self.root.after(EVERY, self._tick)

    def take(self, outcome: Outcome) -> None:
        """Show how a job ended."""
        self.say(outcome.sentence, bad=not outcome.good)
        if outcome.selection is not None:
            self._offer(outcome.selection)
        if outcome.kind == "read":
            self.folder.configure(values=recent(self.desk.state))
        if outcome.drawing is not None:
            self.page = 0
            self._show_page()
        self._enable()

    def _offer(self, selection: Selection) -> None:
        self.pipeline.offer(selection.pipelines, selection.pipeline)
        self.period.offer(selection.runs, selection.run)
        self.reference.offer(selection.references, selection.reference)

    def say(self, sentence: str, *, bad: bool = False) -> None:
        self.status.configure(text=sentence, foreground="#b02a2a" if bad else "#18222d")

    def _enable(self) -> None:
        """Only what can be done now can be pressed."""
        free, read, drawn = not self.desk.busy, bool(self.pipeline.id()), self.desk.drawing is not None
        rules = ((self.read_button, free), (self.browse, free), (self.draw_button, free and read), (self.save_button, free and drawn))
        for widget, able in (*rules, (self.open_button, free and drawn), (self.back, drawn), (self.forth, drawn)):
            widget.configure(state="normal" if able else "disabled")
        for picker in (self.pipeline, self.period, self.reference):
            picker.box.configure(state="readonly" if free and read else "disabled")
        if free:
            self.progress.stop()
            self.progress.grid_forget()
            self.cancel_button.grid_forget()
        else:
            self.progress.grid(row=0, column=1, padx=8)
            self.cancel_button.grid(row=0, column=2)
            self.progress.start(12)

    def _show_page(self) -> None:
        self.canvas.delete("all")
        pages = self.desk.drawing.pages if self.desk.drawing else ()
        if not pages:
            hint = "Here the pages appear."
            self.canvas.create_text(self.canvas.winfo_width() / 2, 120, text=hint, fill="#566270")
            return
        self._picture = tk.PhotoImage(master=self.root, data=b64encode(pages[self.page]))
        left = max((self.canvas.winfo_width() - self._picture.width()) // 2, 0)
        self.canvas.create_image(left, 12, image=self._picture, anchor="nw")
        self.canvas.configure(scrollregion=(0, 0, self._picture.width(), self._picture.height() + 24))
        self.canvas.yview_moveto(0)
        self.where.configure(text=f"Page {self.page + 1} of {len(pages)}")
