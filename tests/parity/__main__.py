"""The table as Markdown, or the page of differences written anew.

python -m tests.parity [--whole]        run the suite, print the table
python -m tests.parity differences      write DIFFERENCES.md from known.toml and the docstrings
"""

from __future__ import annotations

import sys

from tests.parity.differences import PAGE, page


def tables(whole: bool) -> str:
    """Run every entry here, one after the other. -> the table"""
    from tests.parity import modules, ops, optimizers
    from tests.parity.entries import FLOATS, OTHERS, SAMPLED, dtypes_of, entries, inside, outside
    from tests.parity.known import limit_for
    from tests.parity.table import markdown

    found = []
    for name in inside():
        entry = entries()[name]
        dtypes = dtypes_of(entry, FLOATS + OTHERS)
        found += [ops.check_op(entry, d, limit_for(name, d, SAMPLED[d], whole)) for d in dtypes]
        if dtypes:
            found.append(ops.check_variants(entry, dtypes[0], limit_for(name, "variants", ops.SPELLED, whole)))
        found.append(ops.check_errors(entry))
    for name, module in modules.modules().items():
        found.append(modules.check_module(module, limit_for(name, "modules", modules.SAMPLED, whole)))
        found.append(modules.check_module_errors(module))
    for name in optimizers.optimizers():
        found += [optimizers.check_optimizer(name), optimizers.check_optimizer_errors(name)]
    found += [optimizers.check_scheduler(name) for name in optimizers.SCHEDULERS]
    return markdown(found, outside())


def main(arguments: list[str]) -> int:
    """-> 0; 2 if the arguments are not understood."""
    if arguments == ["differences"]:
        PAGE.write_text(page(), encoding="utf-8")
    elif arguments in ([], ["--whole"]):
        print(tables(whole=bool(arguments)))
    else:
        print(__doc__)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
