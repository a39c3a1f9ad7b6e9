"""%gradbook: settings and state."""

from __future__ import annotations

from IPython.core.error import UsageError
from IPython.core.magic import line_magic, magics_class

from gradbook import observe
from gradbook.kernel_ext.magics.base import GradbookMagics
from gradbook.kernel_ext.settings import LEVELS, THEMES, Settings, choice, frames, window

__all__ = ["GradbookMagic"]

SETTINGS = ("auto", "level", "window", "hz", "theme", "cards", "status")
HELP = """\
gradbook watches the cells that train: the first .backward() puts a live view under the cell.

  %gradbook auto on|off            watch every cell, or only those that begin with %%watch
  %gradbook level off|health|full  how closely: health costs at most 5 %, full keeps values too
  %gradbook window 256MB           at level full: memory for the steps that can be looked at again
  %gradbook hz N                   at most N frames a second to the view (up to 20)
  %gradbook theme auto|light|dark  colours of new views
  %gradbook cards on|off           an error card under a cell that an error of gradbook ends
  %gradbook status                 what is set, and what runs

  %%watch [NAME]    a cell's live view, said explicitly     %graph EXPR    the graph behind a tensor
  %inspect EXPR     one tensor, looked at closely           %runs          the runs so far
  %coach            what is wrong, and how to mend it        %coach off     without it
  %breakpoint nan   stop where it is born                    %breakpoint?   at what else
  %%timeline        time and memory by op, module and line   %%walk         step by step
  %seed N           the same random numbers again           %as_torch on   import torch gives gradbook
  %unload_ext gradbook   leave"""


@magics_class
class GradbookMagic(GradbookMagics):
    """%gradbook."""

    @line_magic
    def gradbook(self, line: str) -> None:
        """Settings and state of gradbook; without arguments, a page of help.

        %gradbook [auto on|off] [level off|health|full] [window SIZE] [hz N] [theme auto|light|dark]
                  [cards on|off] [status]

        auto    watch every cell that trains (on), or only those that begin with %%watch (off)
        level   health: loss, norms and a few steps a second in detail, at most 5 % of the time;
                full: as many steps as fit into half as much time again, with the values and gradients of every
                node, to be looked at with the slider under the loss; off: nothing
        window  the most that those values may take, such as 256MB; when it is full, every other older step goes
        hz      frames a second to a view, at most 20
        theme   colours of views opened from now on
        cards   under a cell that an error of gradbook ends: the line, the operands, fixes that were tried; off: the
                ordinary traceback alone
        status  what is set, and what runs
        Several may stand in one line: %gradbook level full hz 5
        """
        words = line.split()
        if not words:
            print(HELP)
        show = apply(words, self.extension.settings)
        if show:
            print(status(self.extension.settings))


def apply(words: list[str], settings: Settings) -> bool:
    """Change settings as the words say -> whether the status was asked for. All words are checked before any counts.

    Raises UsageError that names the valid words.
    """
    new = Settings(**vars(settings))
    show, rest = False, list(words)
    while rest:
        word = rest.pop(0)
        if word == "status":
            show = True
            continue
        choice("%gradbook", word, SETTINGS)
        if not rest:
            raise UsageError(f"%gradbook {word} needs a value; see %gradbook? for the valid ones")
        value = rest.pop(0)
        if word == "auto":
            new.auto = choice("%gradbook auto", value, ("on", "off")) == "on"
        elif word == "cards":
            new.cards = choice("%gradbook cards", value, ("on", "off")) == "on"
        elif word == "level":
            new.level = choice("%gradbook level", value, LEVELS)
        elif word == "theme":
            new.theme = choice("%gradbook theme", value, THEMES)
        elif word == "window":
            new.window = window("%gradbook window", value)
        else:
            new.hz = frames("%gradbook hz", value)
    vars(settings).update(vars(new))
    return show


def status(settings: Settings) -> str:
    """What is set, and what runs, in two lines."""
    run = observe.current_run()
    known = len(observe.runs())
    now = repr(run) if run is not None else f"no run in progress, {known} remembered"
    auto, cards, coach = ("on" if each else "off" for each in (settings.auto, settings.cards, settings.coach))
    what = f"auto {auto} · level {settings.level} · window {settings.window >> 20} MB"
    seen = f"{settings.hz:g} frames a second · theme {settings.theme} · cards {cards} · coach {coach}"
    return f"{what} · {seen}\n{now}"
