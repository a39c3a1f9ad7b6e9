"""The magics, one a file, and the words that complete after each."""

from gradbook.kernel_ext.completion import Words
from gradbook.kernel_ext.magics.as_torch import AsTorchMagic
from gradbook.kernel_ext.magics.breakpoint import BreakpointMagic
from gradbook.kernel_ext.magics.coach import COMMANDS, CoachMagic, rule_ids
from gradbook.kernel_ext.magics.gradbook import GradbookMagic
from gradbook.kernel_ext.magics.graph import GraphMagic
from gradbook.kernel_ext.magics.inspect import InspectMagic
from gradbook.kernel_ext.magics.runs import RunsMagic
from gradbook.kernel_ext.magics.seed import SeedMagic
from gradbook.kernel_ext.magics.timeline import BY, TimelineMagic
from gradbook.kernel_ext.magics.walk import WalkMagic
from gradbook.kernel_ext.magics.watch import WatchMagic
from gradbook.kernel_ext.settings import LEVELS, PANELS, THEMES
from gradbook.observe.stopping import HOW

__all__ = ["EXPRESSIONS", "MAGICS", "WORDS"]

MAGICS = (
    GradbookMagic,
    WatchMagic,
    WalkMagic,
    GraphMagic,
    InspectMagic,
    TimelineMagic,
    BreakpointMagic,
    CoachMagic,
    SeedMagic,
    RunsMagic,
    AsTorchMagic,
)
EXPRESSIONS = ("graph", "inspect", "breakpoint")  # those that take a Python expression
WORDS: Words = {
    "gradbook": {
        "": ("auto", "level", "window", "hz", "theme", "cards", "status"),
        "auto": ("on", "off"),
        "cards": ("on", "off"),
        "level": LEVELS,
        "theme": THEMES,
    },
    "watch": {
        "": ("--panels", "--level", "--every", "--hz"),
        "--panels": PANELS,
        "--level": LEVELS[1:],
        "--every": (),
        "--hz": (),
    },
    "walk": {"": ("--backward-only", "--predict", "--quiz", "--save"), "--predict": (), "--save": ()},
    "graph": {
        "": ("--depth", "--direction", "--diff", "--save"),
        "--diff": (),
        "--direction": ("TB", "LR"),
        "--depth": (),
        "--save": (),
    },
    "timeline": {"": ("--by", "--memory", "--save"), "--by": BY, "--save": ()},
    "runs": {"": ("compare",)},
    "breakpoint": {
        "": ("nan", "inf", "grad>", "shape!=(", "op:", "list", "clear", "why", "--how"),
        "--how": HOW,
    },
    "coach": {"": COMMANDS, **dict.fromkeys(("explain", "mute", "unmute"), rule_ids)},
    "as_torch": {"": ("on", "off")},
}
