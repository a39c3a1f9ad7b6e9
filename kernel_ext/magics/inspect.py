"""%inspect: one tensor, looked at closely."""

from __future__ import annotations

from IPython.core.error import UsageError
from IPython.core.magic import line_magic, magics_class

from gradbook.kernel_ext.arguments import split_options
from gradbook.kernel_ext.inspection import Inspection, look_at
from gradbook.kernel_ext.magics.base import GradbookMagics
from gradbook.observe.naming import Names

__all__ = ["InspectMagic"]


@magics_class
class InspectMagic(GradbookMagics):
    """%inspect."""

    @line_magic
    def inspect(self, line: str) -> Inspection:
        """Look at one tensor: shape, dtype, statistics, histogram, values as a picture, gradient, where it came from.

        %inspect EXPR

        EXPR  w · model.fc1.weight · loss.grad · h[0]
        """
        expression, _ = split_options("%inspect", line, ())
        value = self.value_of("%inspect", expression)
        if not hasattr(value, "_node"):
            raise UsageError(f"%inspect: {expression} is a {type(value).__name__}, not a tensor")
        return look_at(value, expression, Names([self.shell.user_ns]))
