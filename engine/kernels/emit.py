"""What all kernels are written in: a function over words, loops, vectors of float32.

    build = KernelBuilder("add")
    x, y, out = (build.pointer(i) for i in range(3))
    with build.loop(build.start, build.stop) as i:
        build.store(build.add(build.load(x, i), build.load(y, i)), out, i)
    address = build.address()

It adds to llvmlite's IRBuilder (`build.ir`) what is written again and again; everything else is done with that.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from llvmlite import ir

from gradbook.kernels import jit
from gradbook.kernels.host import host

__all__ = ["BIT", "BYTE", "DOUBLE", "FLOAT", "INT", "LONG", "POINTER", "KernelBuilder"]

FLOAT, DOUBLE, INT, LONG, BYTE = ir.FloatType(), ir.DoubleType(), ir.IntType(32), ir.IntType(64), ir.IntType(8)
BIT, POINTER, VOID = ir.IntType(1), ir.PointerType(), ir.VoidType()
FLAGS = ("contract",)  # a * b + c may become one fused operation; nothing else is reordered


class Alike(ir.Constant):  # type: ignore[misc]
    """A constant vector of one number, which is all that is written of it."""

    def _get_reference(self) -> str:
        return f"splat ({self.constant[0]})"

    def _to_string(self) -> str:
        return f"{self.type} {self._get_reference()}"


class KernelBuilder:
    """One kernel while it is written: `void kernel(ptr words, i64 start, i64 stop)`.

    lanes: numbers in a vector, the host's by default.
    """

    def __init__(self, name: str, lanes: int = 0) -> None:
        jit.need_time()
        here = host()
        self.lanes = lanes or (here.lanes if here else 4)
        self.module = ir.Module(name)
        self.function = ir.Function(self.module, ir.FunctionType(VOID, [POINTER, LONG, LONG]), jit.ENTRY)
        self.words, self.start, self.stop = self.function.args
        self.ir = ir.IRBuilder(self.function.append_basic_block("entry"))

    # -- arguments -----------------------------------------------------------------------------------------------

    def word(self, index: int, kind: Any = LONG) -> Any:
        """Argument number `index`, as an integer, a pointer or (its low half) a float."""
        place = self.ir.gep(self.words, [LONG(index)], source_etype=LONG)
        return self.ir.load(place, typ=kind)

    def pointer(self, index: int) -> Any:
        """Argument number `index`, the address of an array."""
        return self.word(index, POINTER)

    # -- numbers and vectors -------------------------------------------------------------------------------------

    def vector(self, kind: Any = FLOAT, lanes: int = 0) -> Any:
        """The type of a vector."""
        return ir.VectorType(kind, lanes or self.lanes)

    def long(self, value: int) -> Any:
        """A constant index."""
        return LONG(value)

    def constant(self, value: float, like: Any = FLOAT) -> Any:
        """A constant of a type or of a value's type; the same in all lanes of a vector."""
        kind = like if isinstance(like, ir.Type) else like.type
        if isinstance(kind, ir.VectorType):
            return Alike(kind, ir.Constant(kind.element, value))
        return ir.Constant(kind, value)

    def splat(self, value: Any, lanes: int = 0) -> Any:
        """A vector of one number in all lanes."""
        kind = self.vector(value.type, lanes)
        nothing = ir.Constant(kind, ir.Undefined)
        first = self.ir.insert_element(nothing, value, INT(0))
        return self.ir.shuffle_vector(first, nothing, self.constant(0, ir.VectorType(INT, kind.count)))

    def call(self, name: str, result: Any, *operands: Any) -> Any:
        """A function of LLVM's own by its full name, such as "llvm.sqrt.v16f32"."""
        kind = ir.FunctionType(result, [operand.type for operand in operands])
        function = self.module.globals.get(name) or ir.Function(self.module, kind, name)
        return self.ir.call(function, operands)

    def call_kernel(self, address: Any, words: Any, start: Any, stop: Any) -> None:
        """Run another kernel, whose address is known at run time."""
        self.ir.call(_Callee(address), [words, start, stop])

    def intrinsic(self, name: str, *operands: Any) -> Any:
        """A function of LLVM's whose operands and result are of one type: sqrt, fabs, maximum, fma, rint, ..."""
        return self.call(f"llvm.{name}.{suffix(operands[0].type)}", operands[0].type, *operands)

    def add(self, a: Any, b: Any) -> Any:
        """A + b of floats."""
        return self.ir.fadd(a, b, flags=FLAGS)

    def sub(self, a: Any, b: Any) -> Any:
        """A - b of floats."""
        return self.ir.fsub(a, b, flags=FLAGS)

    def mul(self, a: Any, b: Any) -> Any:
        """A * b of floats."""
        return self.ir.fmul(a, b, flags=FLAGS)

    def div(self, a: Any, b: Any) -> Any:
        """A / b of floats."""
        return self.ir.fdiv(a, b, flags=FLAGS)

    def fma(self, a: Any, b: Any, c: Any) -> Any:
        """A * b + c, rounded once."""
        return self.intrinsic("fma", a, b, c)

    def maximum(self, a: Any, b: Any) -> Any:
        """The larger, NaN if either is: as numpy.maximum."""
        larger = self.ir.select(self.ir.fcmp_ordered(">", a, b), a, b)
        return self.ir.select(self.ir.fcmp_unordered("uno", a, a), a, larger)

    def minimum(self, a: Any, b: Any) -> Any:
        """The smaller, NaN if either is: as numpy.minimum."""
        smaller = self.ir.select(self.ir.fcmp_ordered("<", a, b), a, b)
        return self.ir.select(self.ir.fcmp_unordered("uno", a, a), a, smaller)

    def smaller_index(self, a: Any, b: Any) -> Any:
        """The smaller of two indices."""
        return self.ir.select(self.ir.icmp_signed("<", a, b), a, b)

    def larger_index(self, a: Any, b: Any) -> Any:
        """The larger of two indices."""
        return self.ir.select(self.ir.icmp_signed("<", a, b), b, a)

    def shuffle(self, a: Any, b: Any, lanes: list[int]) -> Any:
        """A vector of the lanes that are named, of two vectors counted through: those of b follow those of a."""
        return self.ir.shuffle_vector(a, b, ir.Constant(ir.VectorType(INT, len(lanes)), lanes))

    def total(self, vector: Any) -> Any:
        """The sum over a vector's lanes, by halves: the same order on every machine of this width."""
        return self.fold(vector, self.add)

    def largest(self, vector: Any) -> Any:
        """The largest of a vector's lanes; NaN if one is."""
        return self.fold(vector, self.maximum)

    def fold(self, vector: Any, join: Any) -> Any:
        """A vector's lanes joined to one number by halves: join(lower, upper) of vectors."""
        undefined = ir.Constant(vector.type, ir.Undefined)
        width = vector.type.count
        while width > 1:
            width //= 2
            lower = ir.Constant(ir.VectorType(INT, width), list(range(width)))
            upper = ir.Constant(ir.VectorType(INT, width), list(range(width, 2 * width)))
            undefined = ir.Constant(vector.type, ir.Undefined)
            halves = (self.ir.shuffle_vector(vector, undefined, mask) for mask in (lower, upper))
            vector = join(*halves)
        return self.ir.extract_element(vector, INT(0))

    # -- memory --------------------------------------------------------------------------------------------------

    def at(self, base: Any, index: Any, kind: Any = FLOAT) -> Any:
        """The address of element `index` of an array of `kind`."""
        return self.ir.gep(base, [index], inbounds=True, source_etype=kind)

    def load(self, base: Any, index: Any, kind: Any = FLOAT) -> Any:
        """One number of an array."""
        return self.ir.load(self.at(base, index, kind), typ=kind)

    def store(self, value: Any, base: Any, index: Any) -> None:
        """One number, or a vector from `index` on, into an array."""
        element = value.type.element if isinstance(value.type, ir.VectorType) else value.type
        self.ir.store(value, self.at(base, index, element), align=width_of(element))

    def load_vector(self, base: Any, index: Any, kind: Any = FLOAT, lanes: int = 0) -> Any:
        """A vector of an array's numbers from `index` on; aligned only as one number is."""
        vector = self.vector(kind, lanes)
        return self.ir.load(self.at(base, index, kind), align=width_of(kind), typ=vector)

    def prefetch(self, address: Any) -> None:
        """Ask for a line of memory that will be read soon; nothing happens where there is none."""
        kind = ir.FunctionType(VOID, [POINTER, INT, INT, INT])
        function = self.module.globals.get("llvm.prefetch.p0") or ir.Function(self.module, kind, "llvm.prefetch.p0")
        self.ir.call(function, [address, INT(0), INT(3), INT(1)])

    def scratch(self, count: int, kind: Any = FLOAT) -> Any:
        """A block of `count` numbers on the stack, on a cache line; all of a kernel's take at most 64 KB."""
        with self.ir.goto_entry_block():
            block = self.ir.alloca(kind, size=INT(count))
        block.type, block.align = POINTER, 64
        return block

    def order(self, lanes: int = 0) -> Any:
        """The lanes' own numbers, 0 1 2 ..., as 32-bit integers."""
        width = lanes or self.lanes
        return ir.Constant(ir.VectorType(INT, width), list(range(width)))

    def mask(self, count: Any, lanes: int = 0) -> Any:
        """Which lanes lie before `count` (an i64): a vector of bits."""
        width = lanes or self.lanes
        return self.ir.icmp_signed("<", self.order(width), self.splat(self.ir.trunc(count, INT), width))

    def load_masked(self, base: Any, index: Any, mask: Any, other: Any = 0.0, kind: Any = FLOAT) -> Any:
        """The lanes of a vector that `mask` names; `other` in the rest, whose memory is not touched."""
        vector = self.vector(kind, mask.type.count)
        name = f"llvm.masked.load.{suffix(vector)}.p0"
        return self.call(name, vector, self.at(base, index, kind), mask, self.constant(other, vector))

    def store_masked(self, value: Any, base: Any, index: Any, mask: Any) -> None:
        """Store the lanes that `mask` names."""
        kind = value.type.element
        name = f"llvm.masked.store.{suffix(value.type)}.p0"
        self.call(name, VOID, value, self.at(base, index, kind), mask)

    # -- control -------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def loop(self, start: Any, stop: Any, step: Any = 1, name: str = "i") -> Iterator[Any]:
        """For index in range(start, stop, step): gives the index."""
        with self.loop_with(start, stop, [], step, name) as (index, _, _):
            yield index

    @contextlib.contextmanager
    def loop_with(
        self, start: Any, stop: Any, carried: list[Any], step: Any = 1, name: str = "i"
    ) -> Iterator[tuple[Any, list[Any], list[Any]]]:
        """A loop that carries values round: gives (index, values, after).

        Set `after[:]` to the values for the next turn; once the loop has ended, `after` holds the last ones.
        """
        start, stop = (LONG(x) if isinstance(x, int) else x for x in (start, stop))
        before = self.ir.block
        body, end = self.function.append_basic_block(name), self.function.append_basic_block(f"{name}.end")
        self.ir.cbranch(self.ir.icmp_signed("<", start, stop), body, end)
        self.ir.position_at_end(body)
        index = self.ir.phi(LONG, name)
        index.add_incoming(start, before)
        values = [self.ir.phi(value.type) for value in carried]
        for phi, value in zip(values, carried, strict=True):
            phi.add_incoming(value, before)
        after = list(values)
        yield index, values, after
        last = self.ir.block
        following = self.ir.add(index, LONG(step) if isinstance(step, int) else step, flags=["nsw"])
        index.add_incoming(following, last)
        for phi, value in zip(values, after, strict=True):
            phi.add_incoming(value, last)
        self.ir.cbranch(self.ir.icmp_signed("<", following, stop), body, end)
        self.ir.position_at_end(end)
        for place, (value, first) in enumerate(zip(list(after), carried, strict=True)):
            result = self.ir.phi(first.type)
            result.add_incoming(first, before)
            result.add_incoming(value, last)
            after[place] = result

    # -- the end -------------------------------------------------------------------------------------------------

    def text(self) -> str:
        """The IR of the finished kernel."""
        if not self.ir.block.is_terminated:
            self.ir.ret_void()
        return str(self.module)

    def address(self) -> int:
        """Where the finished kernel is, compiled for this machine."""
        return jit.address(self.text())


class _Callee:
    """The address of a kernel, as llvmlite wants a function to be."""

    function_type = ir.FunctionType(VOID, [POINTER, LONG, LONG])

    def __init__(self, address: Any) -> None:
        self.get_reference = address.get_reference


def suffix(kind: Any) -> str:
    """How LLVM names a type in its intrinsics: v16f32, i64, ..."""
    if isinstance(kind, ir.VectorType):
        return f"v{kind.count}{suffix(kind.element)}"
    if isinstance(kind, ir.IntType):
        return f"i{kind.width}"
    return "f32" if isinstance(kind, ir.FloatType) else "f64"


def width_of(kind: Any) -> int:
    """Bytes of one number."""
    if isinstance(kind, ir.IntType):
        return max(1, int(kind.width) // 8)
    return 4 if kind == FLOAT else 8
