"""Hostile input that is too large to commit: the kernel answers in bounded time and memory, whatever it answers.

Each case runs in a child process with 1 GiB of address space. A case may be refused, or proved where it is a proof;
what it may not do is run out of memory or time, or raise anything but a KernelError.
"""

import gzip
import json
import random

import pytest
from corpus_malformed import encode
from kernel_cases import assert_presentable, bisection, certificate, claim, raw_text, summand, text_of

SECONDS = 8
ONE_TO_TWO = {"x": ("1", "2")}
FREE = (None, None)


def squares(count):
    """Definitions d<k> = d<k-1> squared: the value at 2 has 2**count digits, the polynomial one term."""
    return [("d0", "(* x x)"), *((f"d{k}", f"(* d{k - 1} d{k - 1})") for k in range(1, count))]


def powers_in_bisection():
    return claim(ONE_TO_TWO, "(>= (^ (^ (^ (^ (^ (^ x 64) 64) 64) 64) 64) 64) 0)", bisection("."))


def squares_in_mean_value():
    return claim(ONE_TO_TWO, "(>= d59 0)", bisection("!."), {}, squares(60))


def squares_in_counterexample():
    return claim(ONE_TO_TWO, "(< d59 0)", {"rule": "counterexample", "point": {"x": "2"}}, {}, squares(60))


def squares_in_identity():
    return claim(ONE_TO_TWO, "(= (- d59 d59) 0)", {"rule": "identity"}, {}, squares(60))


def reciprocals_in_bisection():
    """Repeated division by a tiny number."""
    term = "x"
    for _ in range(24):
        term = f"(/ {term} (/ 1 {'9' * 390}))"
    return certificate(raw_text(ONE_TO_TWO, f"(>= {term} 0)"), bisection("."))


def many_variables_and_open_boxes():
    names = {f"v{k}": ("0", "1") for k in range(5000)}
    return certificate(raw_text(names, "(>= v0 0)"), bisection("a" * 9_990))


def deep_spine():
    """A tree that cuts 150 000 times towards one end: the midpoints have as many bits."""
    return claim({"x": ("0", "1")}, "(>= x 0)", bisection("a." * 150_000 + "."))


def many_bounds():
    names = {f"v{k}": ("0", None) for k in range(40_000)}
    proof = {"rule": "combination", "sum": [summand("1", "v0.lower")]}
    return certificate(raw_text(names, "(>= v0 0)"), proof)


def many_terms():
    """A large statement without any trick: it stays within the limits and is decided."""
    numbers = " ".join(f"(* x {k})" for k in range(2, 20_000))
    return certificate(raw_text(ONE_TO_TWO, f"(>= (+ x {numbers}) 0)"), bisection("."))


def too_many_terms():
    numbers = " ".join(f"(* x {k})" for k in range(2, 60_000))
    return certificate(raw_text(ONE_TO_TWO, f"(>= (+ x {numbers}) 0)"), bisection("."))


def colliding_numbers():
    """Numbers with the same hash: Python hashes integers modulo 2**61 - 1, without a secret."""
    numbers = " ".join(str(k * (2**61 - 1) + 1) for k in range(1, 20_000))
    return certificate(raw_text(ONE_TO_TWO, f"(>= (+ x {numbers}) 0)"), bisection("."))


def sum_of_fractions():
    """A sum whose denominators have no common factor: each partial sum is 1300 bits longer."""
    rng = random.Random(1)
    numbers = " ".join(f"(/ 1 {rng.randrange(10**398, 10**399)})" for _ in range(4000))
    definitions, term = [], "x"
    for k, number in enumerate(numbers.split(") ")):
        term = f"(+ {term} {number.rstrip(')')}))"
        if k % 20 == 19:
            definitions.append((f"e{k}", term))
            term = f"e{k}"
    return claim(ONE_TO_TWO, f"(>= {term} 0)", {"rule": "combination", "sum": []}, {}, definitions)


def exponent_tower():
    """Powers of powers of one variable: a polynomial of one term, whose exponent grows by 6 bits a level."""
    definitions, term = [], "x"
    for k in range(1000):
        for _ in range(20):
            term = f"(^ {term} 64)"
        definitions.append((f"e{k}", term))
        term = f"e{k}"
    return claim({"x": FREE}, f"(= {term} 0)", {"rule": "identity"}, {}, definitions)


def power_of_a_sum():
    names = [f"v{k}" for k in range(10)]
    return claim(dict.fromkeys(names, FREE), f"(= (^ (+ {' '.join(names)}) 64) 0)", {"rule": "identity"})


def many_products():
    """A proof whose every summand is a product of moderate size."""
    proof = {
        "rule": "combination",
        "sum": [summand("1", *["x.lower", "y.lower", "z.lower"] * 13, square="(^ (+ x (+ y z)) 12)")] * 400,
    }
    return claim(dict.fromkeys("xyz", ("0", None)), "(>= x 0)", proof)


def halves(count):
    """Definitions d<k> = d<k-1> / 2: a chain, so that the terms of d<k> are k."""
    return [("d0", "(+ x 1)"), *((f"d{k}", f"(* d{k - 1} (/ 1 2))") for k in range(1, count))]


def balanced(depth, number=1):
    """A term of 2**depth summands that is nested so little that it is written out wherever it stands."""
    if depth == 0:
        return f"(* x {number})"
    return f"(+ {balanced(depth - 1, 2 * number)} {balanced(depth - 1, 2 * number + 1)})"


def long_term_in_many_relations():
    """One name for a long term, in fifty thousand hypotheses: the canonical text would have ten gigabytes."""
    hypotheses = {f"h{k}": "(< long 0)" for k in range(50_000)}
    return certificate(raw_text(ONE_TO_TWO, "(>= x 0)", hypotheses, [("long", balanced(13))]), bisection("."))


def long_term_in_one_clause():
    parts = " ".join(f"(< long {k})" for k in range(50_000))
    hypotheses = {"c": f"(or {parts})"}
    return certificate(raw_text(ONE_TO_TWO, "(>= x 0)", hypotheses, [("long", balanced(13))]), bisection("A"))


def clause_of_many_large_terms():
    """Nineteen thousand relations of up to twenty thousand terms, on one leaf."""
    parts = " ".join(f"(< d{19_999 - k} d19999)" for k in range(1, 19_000))
    return claim(ONE_TO_TWO, "(> 0 1)", bisection("A"), {"c": f"(or {parts})"}, halves(20_000))


def clause_of_one_relation_many_times():
    parts = " ".join(["(< (+ d9999 1) (- d9999 1))", *["(< d9999 x)"] * 100_000])
    return claim(ONE_TO_TWO, "(> 0 1)", bisection("AAA"), {"c": f"(or {parts})"}, halves(10_000))


def hypotheses_of_large_terms():
    """Each letter names another large table of terms: all of them together do not fit."""
    hypotheses = {f"h{k}": f"(< d{19_999 - k} (- d19999 1))" for k in range(260)}
    letters = [f"{letter}{digit}" for digit in ("", *"123456789") for letter in map(chr, range(65, 91))][:20]
    tree = "".join(f"({letter} a<63)" for letter in letters) + "?"
    return claim(ONE_TO_TWO, "(> 0 1)", bisection(tree), hypotheses, halves(20_000))


def many_bounds_in_one_narrowing():
    return claim({"x": ("0", "1")}, "(> 0 1)", bisection("(A" + " a<63" * 600_000 + ")?"), {"h": "(> x 2)"})


def deep_narrowing():
    """Each narrowing adds six bits to the ends of the box."""
    return claim({"x": ("0", "1")}, "(> 0 1)", bisection("(A a<63)" * 1_990 + "?"), {"h": "(<= (^ x 64) 0)"})


def endless_narrowing():
    return claim({"x": ("0", "1")}, "(> 0 1)", bisection("(A a<63)" * 100_000 + "?"), {"h": "(= x 0)"})


def large_arguments_of_functions():
    """Reduction of arguments by four hundred digits of pi, a few thousand times."""
    numbers = " ".join(f"(sin (* x {10**390 + k}))" for k in range(4_000))
    return claim(ONE_TO_TWO, f"(>= (+ x {numbers}) (- 100000))", bisection("."))


def tower_of_exp():
    return claim(ONE_TO_TWO, "(>= " + "(exp " * 20 + "x" + ")" * 20 + " 0)", bisection("."))


def roots_of_large_numbers():
    terms = " ".join(f"(^ (* x {k}) 63)" for k in range(2, 3_000))
    return claim(ONE_TO_TWO, "(> 0 1)", bisection("(A a<63)?"), {"h": f"(< (+ x {terms}) {10**200})"})


def array_of(item):
    count = 60_000_000 // (len(item) + 1)
    return gzip.compress(b"[" + (item + b",") * count + item + b"]", compresslevel=1)


def arrays_of_objects():
    return array_of(b"{}")


def arrays_of_numbers():
    return array_of(b"0")


def wide_characters():
    return gzip.compress(b'{"a":"' + "😀".encode() + b"x" * 60_000_000 + b'"}', compresslevel=1)


def long_tree():
    data = text_of({"x": ("0", "1")}, "(>= x 0)")
    return gzip.compress(encode(certificate(data, bisection("." * 50_000_000))), compresslevel=1)


def long_statement():
    return gzip.compress(encode(certificate("(" * 50_000_000, bisection("."))), compresslevel=1)


SOUND = [
    powers_in_bisection,
    squares_in_mean_value,
    squares_in_counterexample,
    many_variables_and_open_boxes,
    deep_spine,
    many_bounds,
    colliding_numbers,
    sum_of_fractions,
    exponent_tower,
    power_of_a_sum,
    many_products,
    arrays_of_objects,
    arrays_of_numbers,
    squares_in_identity,
    reciprocals_in_bisection,
    many_terms,
    too_many_terms,
    wide_characters,
    long_tree,
    long_statement,
    long_term_in_many_relations,
    long_term_in_one_clause,
    clause_of_many_large_terms,
    clause_of_one_relation_many_times,
    hypotheses_of_large_terms,
    many_bounds_in_one_narrowing,
    deep_narrowing,
    endless_narrowing,
    large_arguments_of_functions,
    tower_of_exp,
    roots_of_large_numbers,
]


def run(server, folder, make, seconds):
    content = make()
    packed = isinstance(content, bytes)
    path = folder / ("hostile.json.gz" if packed else "hostile.json")
    path.write_bytes(content if packed else json.dumps(content).encode())
    answer = server.check(path, seconds)
    path.unlink()
    assert answer.refused or answer.kind in ("proved", "refuted"), f"{answer.kind}: {answer.message}"
    if answer.refused:
        assert_presentable(answer.message)
    return answer


@pytest.mark.parametrize("make", SOUND, ids=lambda make: make.__name__)
def test_bounded(server, tmp_path, make):
    run(server, tmp_path, make, SECONDS)
