"""Reader of SMT-LIB 2 files (QF_NRA with dReal's functions and bounded declarations): a file becomes a statement.

The file asserts F1 .. Fn; the statement, "within the bounds, if hypotheses and clauses hold, so does the conclusion",
is true exactly if the file is unsatisfiable. Bounds come from asserted comparisons of a variable with a number, the
conclusion is the negation of the last asserted inequality (`1 < 0` without one), the rest are hypotheses and clauses.

SMT-LIB gives x/0 (and dReal's functions outside their domains) any value that suits. The kernel concludes only where
every term it evaluates is defined, and a counterexample is a point where all of them are: both hold in every
interpretation.

Not supported, and refused by name: quantifiers, sorts other than Real and Bool, push and pop, uninterpreted functions
with arguments, exponents that are not constant multiples of 1/2. Every fault is one `SmtError`, LINE:COLUMN: what.
"""

from verify.smt2.lexer import SmtError
from verify.smt2.problem import Problem, read_problem

__all__ = ["Problem", "SmtError", "read_problem"]
