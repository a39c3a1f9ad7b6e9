"""%as_torch: `import torch` gives gradbook."""

from __future__ import annotations

from IPython.core.magic import line_magic, magics_class

from gradbook import alias
from gradbook.kernel_ext.magics.base import GradbookMagics
from gradbook.kernel_ext.settings import choice

__all__ = ["AsTorchMagic"]


@magics_class
class AsTorchMagic(GradbookMagics):
    """%as_torch."""

    @line_magic
    def as_torch(self, line: str) -> None:
        """Let `import torch` and every `import torch.…` give gradbook, or PyTorch again.

        %as_torch [on|off]

        Without an argument it says how it is. Names bound before keep what they were bound to: run the imports again.
        """
        if line.strip():
            switched = alias.as_torch(choice("%as_torch", line.strip(), ("on", "off")) == "on")
            self.extension.alias = self.extension.alias or switched
        print(alias.state(self.shell.user_ns))
