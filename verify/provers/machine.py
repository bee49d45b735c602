"""A small vector machine: runs straight-line programs of elementwise operations over batches, in blocks.

The machine is compiled once by LLVM (llvmlite); programs are data, so a new program costs nothing to compile. A
register holds LANES doubles; every instruction is one loop over the lanes. All arithmetic is IEEE 754 double, rounded
to nearest: no flag that would let LLVM reorder, contract or approximate is set. Truth values are kept as masks of all
64 bits.
"""

import ctypes
from functools import cache
from typing import Any, TypeAlias

import llvmlite.binding as llvm
import numpy as np
import numpy.typing as npt
from llvmlite import ir

Array: TypeAlias = npt.NDArray[np.float64]
Code: TypeAlias = npt.NDArray[np.int32]

LANES, WIDTH = 128, 8
EPSILON = 2.0**-52
BINARY = ("add", "sub", "mul", "div", "min", "max", "lt", "le", "eq", "and", "or")
UNARY = (
    "load", "store", "neg", "abs", "sqrt", "rint", "floor", "not", "down", "up", "down_tiny", "up_tiny", "exponent",
    "mantissa", "power_of_two",
)  # fmt: skip
OPERATIONS = ("select", *BINARY, *UNARY)
TINY = 2.0**-1022

F64, I64, I32 = ir.DoubleType(), ir.IntType(64), ir.IntType(32)
VECTOR, BITS = ir.VectorType(F64, WIDTH), ir.VectorType(I64, WIDTH)


def _splat(kind: ir.VectorType, value: float | int) -> ir.Constant:
    return ir.Constant(kind, [value] * WIDTH)


class _Emitter:
    """Emits the vector instructions of one operation."""

    def __init__(self, module: ir.Module, builder: ir.IRBuilder) -> None:
        self.module, self.b = module, builder

    def _intrinsic(self, name: str, x: Any) -> Any:
        full = f"llvm.{name}.v{WIDTH}f64"
        function = self.module.globals.get(full) or ir.Function(self.module, ir.FunctionType(VECTOR, [VECTOR]), full)
        return self.b.call(function, [x])

    def _mask(self, truth: Any) -> Any:
        return self.b.bitcast(self.b.sext(truth, BITS), VECTOR)

    def _bits(self, x: Any) -> Any:
        return self.b.bitcast(x, BITS)

    def _truth(self, x: Any) -> Any:
        return self.b.icmp_signed("<", self._bits(x), _splat(BITS, 0))

    def _step(self, x: Any, sign: str, tiny: float) -> Any:
        size = self.b.fmul(self._intrinsic("fabs", x), _splat(VECTOR, EPSILON))
        size = self.b.fadd(size, _splat(VECTOR, tiny)) if tiny else size
        return self.b.fadd(x, size) if sign == "+" else self.b.fsub(x, size)

    def binary(self, op: str, x: Any, y: Any) -> Any:
        """Return x op y."""
        b = self.b
        match op:
            case "add":
                return b.fadd(x, y)
            case "sub":
                return b.fsub(x, y)
            case "mul":
                return b.fmul(x, y)
            case "div":
                return b.fdiv(x, y)
            case "min" | "max":  # nan where one of them is, as numpy has it
                chosen = b.select(b.fcmp_ordered("<" if op == "min" else ">", x, y), x, y)
                return b.select(b.fcmp_unordered("uno", x, x), x, chosen)
            case "and":
                return b.bitcast(b.and_(self._bits(x), self._bits(y)), VECTOR)
            case "or":
                return b.bitcast(b.or_(self._bits(x), self._bits(y)), VECTOR)
        return self._mask(b.fcmp_ordered({"lt": "<", "le": "<=", "eq": "=="}[op], x, y))

    def unary(self, op: str, x: Any) -> Any:
        """Return op x."""
        b = self.b
        match op:
            case "load" | "store":
                return x
            case "neg":
                return b.fneg(x)
            case "not":
                return b.bitcast(b.not_(self._bits(x)), VECTOR)
            case "down" | "down_tiny":
                return self._step(x, "-", TINY if op.endswith("tiny") else 0.0)
            case "up" | "up_tiny":
                return self._step(x, "+", TINY if op.endswith("tiny") else 0.0)
            case "exponent":
                shifted = b.ashr(self._bits(x), _splat(BITS, 52))
                return b.sitofp(b.sub(shifted, _splat(BITS, 1023)), VECTOR)
            case "mantissa":
                fraction = b.and_(self._bits(x), _splat(BITS, (1 << 52) - 1))
                return b.bitcast(b.or_(fraction, _splat(BITS, 1023 << 52)), VECTOR)
            case "power_of_two":  # the lowest bits of k + 2**52 + 1023 hold k + 1023
                moved = self._bits(b.fadd(x, _splat(VECTOR, 2.0**52 + 1023)))
                return b.bitcast(b.shl(moved, _splat(BITS, 52)), VECTOR)
        return self._intrinsic({"abs": "fabs"}.get(op, op), x)

    def select(self, truth: Any, x: Any, y: Any) -> Any:
        """Return x where true, else y."""
        return self.b.select(self._truth(truth), x, y)


def _module() -> ir.Module:
    """Return run(code, count, registers, input, input stride, output, output stride, blocks)."""
    module = ir.Module("machine")
    module.triple = llvm.get_default_triple()
    pointer = F64.as_pointer()
    kinds = [I32.as_pointer(), I64, pointer, pointer, I64, pointer, I64, I64]
    run = ir.Function(module, ir.FunctionType(ir.VoidType(), kinds), "run")
    code, count, registers, source, source_stride, target, target_stride, blocks = run.args
    names = ("entry", "block", "fetch", "next", "after", "done")
    entry, block, fetch, following, after, done = (run.append_basic_block(n) for n in names)
    b = ir.IRBuilder(entry)
    zero, one, five = (ir.Constant(I64, v) for v in (0, 1, 5))
    b.branch(block)
    b.position_at_end(block)
    number = b.phi(I64)
    number.add_incoming(zero, entry)
    offset = b.mul(number, ir.Constant(I64, LANES))
    b.branch(fetch)
    b.position_at_end(fetch)
    index = b.phi(I64)
    index.add_incoming(zero, block)
    start = b.mul(index, five)
    op, *fields = (b.load(b.gep(code, [b.add(start, ir.Constant(I64, k))])) for k in range(5))
    wide = [b.sext(f, I64) for f in fields]
    places = [b.gep(registers, [b.mul(f, ir.Constant(I64, LANES))]) for f in wide]
    read = b.gep(source, [b.add(b.mul(wide[1], source_stride), offset)])
    write = b.gep(target, [b.add(b.mul(wide[0], target_stride), offset)])
    switch = b.switch(op, following)
    for k, name in enumerate(OPERATIONS):
        loop = run.append_basic_block(name)
        switch.add_case(ir.Constant(I32, k), loop)
        b.position_at_end(loop)
        lane = b.phi(I64)
        lane.add_incoming(zero, fetch)

        def fetched(place: Any, lane: Any = lane) -> Any:
            value = b.load(b.bitcast(b.gep(place, [lane]), VECTOR.as_pointer()))
            value.align = 8
            return value

        emit = _Emitter(module, b)
        if name == "select":
            result = emit.select(*(fetched(p) for p in places[1:4]))
        elif name in BINARY:
            result = emit.binary(name, fetched(places[1]), fetched(places[2]))
        else:
            result = emit.unary(name, fetched(read if name == "load" else places[1]))
        stored = b.store(result, b.bitcast(b.gep(write if name == "store" else places[0], [lane]), VECTOR.as_pointer()))
        stored.align = 8
        further = b.add(lane, ir.Constant(I64, WIDTH))
        lane.add_incoming(further, loop)
        b.cbranch(b.icmp_signed("<", further, ir.Constant(I64, LANES)), loop, following)
    b.position_at_end(following)
    step = b.add(index, one)
    index.add_incoming(step, following)
    b.cbranch(b.icmp_signed("<", step, count), fetch, after)
    b.position_at_end(after)
    advanced = b.add(number, one)
    number.add_incoming(advanced, after)
    b.cbranch(b.icmp_signed("<", advanced, blocks), block, done)
    b.position_at_end(done)
    b.ret_void()
    return module


@cache
def _compiled() -> tuple[Any, Any]:
    """Return the compiled function, and the engine that keeps it alive."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=2
    )
    module = llvm.parse_assembly(str(_module()))
    module.verify()
    options = llvm.create_pipeline_tuning_options(speed_level=1)
    passes = llvm.create_pass_builder(machine, options)
    passes.getModulePassManager().run(module, passes)
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    long, address = ctypes.c_int64, ctypes.c_void_p
    kind = ctypes.CFUNCTYPE(None, address, long, address, address, long, address, long, long)
    return kind(engine.get_function_address("run")), engine


def run(code: Code, registers: Array, source: Array, outputs: int) -> Array:
    """Run a program over a batch; return an array of shape (outputs, boxes).

    Parameters
    ----------
    code
        Instructions (operation, target register, three operand registers), shape (instructions, 5); a "load" has a row
        of `source` as its operand, a "store" a row of the result as its target.
    registers
        Shape (registers, LANES): work space, with the constants in place.
    source
        Inputs, shape (rows, boxes).
    """
    boxes = source.shape[1]
    blocks = -(-boxes // LANES)
    padded = np.zeros((source.shape[0], blocks * LANES))
    padded[:, :boxes] = source
    result = np.empty((outputs, blocks * LANES))
    if blocks and len(code):
        _compiled()[0](
            code.ctypes.data, len(code), registers.ctypes.data, padded.ctypes.data, blocks * LANES,
            result.ctypes.data, blocks * LANES, blocks,
        )  # fmt: skip
    return result[:, :boxes]
