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
        """Look at one tensor: what the inspector of a live view shows of a node, for any value you have.

        %inspect EXPR

        EXPR  w · model.fc1.weight · loss.grad · h[0]
        Shape, dtype, device, memory; the values as a picture (matrices, images, filters, any axes by an index each; one
        element under the pointer or the arrow keys), the gradient in its place, both histograms; the op that made it
        with its formula and gradients, its line of code, and what it keeps for backward.
        """
        expression, _ = split_options("%inspect", line, ())
        value = self.value_of("%inspect", expression)
        if not hasattr(value, "_node"):
            raise UsageError(f"%inspect: {expression} is a {type(value).__name__}, not a tensor")
        return look_at(value, expression, Names([self.shell.user_ns]), self.extension.settings.theme)
