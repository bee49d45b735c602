"""Files that are no certificates: broken as bytes, as JSON, as data, as a statement, or as a proof's text."""

import gzip
import json
import zlib
from typing import Any

from corpus_narrowing import broken
from corpus_valid import CENTRED, FREE, UNIT, Data, ball, combination, valid
from kernel_cases import bisection, certificate, raw_text, removed, replaced, summand, text_of

LIMIT = 64_000_000  # the kernel's MAX_BYTES; the bomb expands beyond it


def encode(data: Any) -> bytes:
    """Write JSON data as it stands in the corpus."""
    return (json.dumps(data, indent=1, ensure_ascii=True) + "\n").encode()


def compress(content: bytes) -> bytes:
    """Compress, without a time or name in the header."""
    return gzip.compress(content, compresslevel=9, mtime=0)


def broken_bytes() -> dict[str, bytes]:
    """Return files that are not UTF-8 JSON, or damaged gzip data."""
    good = encode(valid()["bisection-logistic"])
    packed = compress(good)
    return {
        "empty.json": b"",
        "empty.json.gz": compress(b""),
        "whitespace-only.json": b" \n\t ",
        "not-utf8.json": good.replace(b"bisection", b"bisection\xff"),
        "latin1.json": good.replace(b"bisection", b"bisecti\xf3n"),
        "utf16.json": good.decode().encode("utf-16"),
        "byte-order-mark.json": b"\xef\xbb\xbf" + good,
        "nul-byte.json": good.replace(b"bisection", b"bisec\x00tion"),
        "nul-at-end.json": good + b"\x00",
        "truncated.json": good[: len(good) // 2],
        "two-objects.json": good + good,
        "trailing-comma.json": good.replace(b"\n }\n}", b",\n }\n}"),
        "python-literal.json": str(valid()["bisection-logistic"]).encode(),
        "pickle.json": b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x07builtin\x94.",
        "truncated.json.gz": packed[:-12],
        "header-only.json.gz": packed[:10],
        "magic-only.json.gz": packed[:2],
        "checksum-changed.json.gz": packed[:-8] + bytes([packed[-8] ^ 1]) + packed[-7:],
        "length-changed.json.gz": packed[:-1] + bytes([packed[-1] ^ 1]),
        "trailing-garbage.json.gz": packed + b"garbage",
        "trailing-zeros.json.gz": packed + b"\x00" * 8,
        "two-members.json.gz": packed + packed,
        "gzip-in-gzip.json.gz": compress(packed),
        "not-gzip.json.gz": zlib.compress(good),
        "gzip-bomb.json.gz": compress(good + b" " * LIMIT),
    }


def broken_json() -> dict[str, bytes]:
    """Return files that are JSON by some reading, and outside the kernel's."""
    good = encode(valid()["combination-strict"])

    def edited(old: bytes, new: bytes) -> bytes:
        assert good.count(old) == 1, old
        return good.replace(old, new)

    version = b'"version": 1'
    deep = 20_000
    return {
        "duplicate-key.json": edited(version, version + b",\n " + version),
        "duplicate-key-in-proof.json": edited(
            b'"rule": "combination"', b'"rule": "combination",\n  "rule": "identity"'
        ),
        "duplicate-statement.json": edited(version, version + b',\n "statement": "(set-logic QF_NRA)"'),
        "float-number.json": edited(version, b'"version": 1.0'),
        "float-exponent.json": edited(version, b'"version": 1e0'),
        "float-coefficient.json": edited(b'"coefficient": "1/7"', b'"coefficient": 0.142857'),
        "integer-coefficient.json": edited(b'"coefficient": "1/7"', b'"coefficient": 1'),
        "nan.json": edited(b'"coefficient": "1/7"', b'"coefficient": NaN'),
        "infinity.json": edited(b'"coefficient": "1/7"', b'"coefficient": Infinity'),
        "minus-infinity.json": edited(version, b'"version": -Infinity'),
        "negative-version.json": edited(version, b'"version": -1'),
        "minus-zero-version.json": edited(version, b'"version": -0'),
        "leading-zero-version.json": edited(version, b'"version": 01'),
        "newer-version.json": edited(version, b'"version": 2'),
        "older-version.json": edited(version, b'"version": 0'),
        "version-true.json": edited(version, b'"version": true'),
        "version-null.json": edited(version, b'"version": null'),
        "version-text.json": edited(version, b'"version": "1"'),
        "version-list.json": edited(version, b'"version": [1]'),
        "version-with-line-break.json": edited(version, b'"version": "a\\nb"'),
        "version-surrogate.json": edited(version, b'"version": "\\ud800"'),
        "version-long-number.json": edited(version, b'"version": ' + b"1" * 5_000),
        "version-billion-digits.json.gz": compress(edited(version, b'"version": ' + b"7" * 20_000_000)),
        "deep-nesting.json": b"[" * deep,
        "deep-nesting-closed.json": b"[" * deep + b"]" * deep,
        "deep-nesting-objects.json": b'{"a":' * deep,
        "deep-nesting-version.json": edited(version, b'"version": ' + b"[" * 900 + b"]" * 900),
        "comment.json": b"// a comment\n" + good,
    }


def broken_data() -> dict[str, Data | list[Any] | str | None]:
    """Return JSON that is not an object with the five fields and their types."""
    good = valid()["bisection-logistic"]
    names = ("format", "version", "digest", "statement", "proof")
    missing = {f"missing-{name}": removed(good, (name,)) for name in names}
    null = {f"null-{name}": {**good, name: None} for name in names if name != "digest"}
    return {
        **missing,
        **null,
        "unknown-field": {**good, "verdict": "proved"},
        "unknown-field-in-proof": replaced(good, ("proof", "verdict"), "proved"),
        "unknown-field-long-name": {**good, "f" * 5_000: 1},
        "unknown-field-line-break": {**good, "a\nb": 1},
        "no-field": {},
        "top-level-list": [good],
        "top-level-string": "gd-verify certificate",
        "top-level-null": None,
        "format-of-another-tool": {**good, "format": "lrat"},
        "format-list": {**good, "format": ["gd-verify certificate"]},
        "statement-list": {**good, "statement": [good["statement"]]},
        "proof-list": {**good, "proof": [good["proof"]]},
        "proof-string": {**good, "proof": "bisection"},
        "proof-empty": {**good, "proof": {}},
        "rule-null": replaced(good, ("proof", "rule"), None),
        "rule-list": replaced(good, ("proof", "rule"), ["bisection"]),
        "rule-true": replaced(good, ("proof", "rule"), True),
        "rule-unknown": replaced(good, ("proof", "rule"), "trust-me"),
        "rule-empty": replaced(good, ("proof", "rule"), ""),
        "rule-upper-case": replaced(good, ("proof", "rule"), "Bisection"),
        "rule-of-python": replaced(good, ("proof", "rule"), "__class__"),
        "rule-long": replaced(good, ("proof", "rule"), "r" * 5_000),
    }


def broken_statements() -> dict[str, Data]:
    """Return statements that are not in canonical form, not in the language, or beyond a limit."""
    unit = {"x": UNIT}
    good = text_of(unit, "(>= (+ x 1) 0)", {"h": "(<= x 1)"})
    leaf = bisection(".")

    def edited(old: str, new: str) -> Data:
        assert good.count(old) == 1, old
        return certificate(good.replace(old, new), leaf)

    def term(text: str) -> Data:
        return edited("(+ x 1)", text)

    chain = [("d0", "(+ x (+ y z))"), *((f"d{k}", f"(* d{k - 1} d{k - 1})") for k in range(1, 40))]
    doubling = raw_text(dict.fromkeys("xyz", FREE), "(= (* d39 d39) 0)", {}, [*chain[:40]])
    long_name = "h" * 5_000
    return {
        "statement-empty": certificate("", leaf),
        "statement-space-added": edited("(+ x 1)", "(+ x  1)"),
        "statement-comment": edited("(check-sat)", "; a comment\n(check-sat)"),
        "statement-line-ends": certificate(good.replace("\n", "\r\n"), leaf),
        "statement-no-last-line-break": certificate(good[:-1], leaf),
        "statement-unknown-symbol": term("(+ x y)"),
        "statement-unknown-operation": term("(cot x)"),
        "statement-long-operation": term(f"({'o' * 5_000} x 1)"),
        "statement-long-comparison": edited("(>= (+ x 1) 0)", f"({'o' * 5_000} (+ x 1) 0)"),
        "statement-quantifier": edited("(>= (+ x 1) 0)", "(forall ((x Real)) (>= x 0))"),
        "statement-let": edited("(>= (+ x 1) 0)", "(let ((y x)) (>= y 0))"),
        "statement-conjunction": edited("(>= (+ x 1) 0)", "(and (>= x 0) (>= x 0))"),
        "statement-assert-false": edited("(check-sat)", "(assert false)\n(check-sat)"),
        "statement-not-negated": edited("(not (>= (+ x 1) 0))", "(>= (+ x 1) 0)"),
        "statement-two-conclusions": certificate(
            good.replace("(check-sat)", "(assert (! (not (>= x 0)) :named negated-conclusion))\n(check-sat)"), leaf
        ),
        "statement-push": edited("(check-sat)", "(push 1)\n(check-sat)"),
        "statement-include": edited("(check-sat)", '(include "other.smt2")\n(check-sat)'),
        "statement-unbalanced": certificate(good.replace("(check-sat)", "(check-sat"), leaf),
        "statement-closed-twice": certificate(good.replace("(check-sat)", "(check-sat))"), leaf),
        "statement-nested-deeply": term("(- " * 5_000 + "x" + ")" * 5_000),
        "statement-decimal": term("(+ x 1.0)"),
        "statement-exponent-notation": term("(+ x 1e3)"),
        "statement-hexadecimal": term("(+ x #x1)"),
        "statement-digit-full-width": term("(+ x １)"),
        "statement-digit-superscript": term("(+ x ²)"),
        "statement-exponent-full-width": term("(^ x ２)"),
        "statement-letter-cyrillic": certificate(good.replace("x", "х"), leaf),
        "statement-surrogate": term("(+ x \ud800)"),
        "exponent-1e9": term("(^ x 1000000000)"),
        "exponent-999": term("(^ x 999)"),
        "exponent-65": term("(^ x 65)"),
        "exponent-negative": term("(^ x (- 1))"),
        "exponent-fraction": term("(^ x (/ 1 2))"),
        "exponent-variable": term("(^ x x)"),
        "exponent-leading-zero": term("(^ x 02)"),
        "exponent-missing": term("(^ x)"),
        "operation-without-arguments": term("(+)"),
        "operation-of-one-argument": term("(* x)"),
        "operation-of-three-arguments": term("(+ x 1 1)"),
        "root-of-two-arguments": term("(sqrt x x)"),
        "operation-neg": term("(neg x)"),
        "operation-const": term("(const 1)"),
        "operation-var": term("(var x)"),
        "operation-is-a-list": term("((+ x) 1)"),
        "number-negative-zero": term("(+ x (- 0))"),
        "number-not-reduced": term("(+ x (/ 2 4))"),
        "number-leading-zero": term("(+ x 01)"),
        "number-of-10000-digits": term("(+ x " + "7" * 10_000 + ")"),
        "number-of-401-digits": term("(+ x " + "7" * 401 + ")"),
        "number-folded-beyond-4300-digits": term("(/ 1" + (" " + "7" * 399) * 12 + ")"),
        "bound-folded-beyond-4300-digits": edited("(>= x 0)", "(>= x (/ 1" + (" " + "7" * 399) * 12 + "))"),
        "bounds-crossed": edited("(>= x 0)", "(>= x 2)"),
        "bound-of-undeclared-variable": certificate(good.replace("(declare-const x Real)\n", ""), leaf),
        "bound-by-another-variable": edited("(>= x 0)", "(>= x x)"),
        "bound-by-zero-division": edited("(>= x 0)", "(>= x (/ 1 0))"),
        "bound-strict": edited("(>= x 0)", "(> x 0)"),
        "bound-of-wrong-side": edited("(>= x 0)", "(<= x 0)"),
        "bound-turned-round": edited("(>= x 0)", "(<= 0 x)"),
        "bound-twice": certificate(
            good.replace("(assert (! (<= x 1) :named x.upper))", "(assert (! (<= x 1) :named x.upper))\n" * 2), leaf
        ),
        "bound-after-hypothesis": certificate(
            raw_text({"x": ("0", None)}, "(>= x 0)", {"h": "(<= x 1)", "x.upper": "(<= x (- 5))"}), bisection("B")
        ),
        "hypothesis-named-like-a-bound": certificate(
            raw_text({"x": (None, None)}, "(>= x 5)", {"h": "(<= x 1)", "x.lower": "(>= x 5)"}),
            combination(summand("1", "x.lower")),
        ),
        "hypothesis-named-like-the-conclusion": certificate(
            raw_text(unit, "(>= x 0)", {"negated-conclusion": "(<= x 1)"}), leaf
        ),
        "hypothesis-named-twice": certificate(
            good.replace("(assert (! (not", "(assert (! (<= x (- 1)) :named h))\n(assert (! (not"), bisection("B")
        ),
        "hypothesis-name-quoted": certificate(good.replace(":named h", ":named |h|"), leaf),
        "hypothesis-without-name": edited("(assert (! (<= x 1) :named h))", "(assert (<= x 1))"),
        "hypothesis-negated": edited("(! (<= x 1) :named h)", "(! (not (<= x 1)) :named h)"),
        "variable-declared-twice": edited("(declare-const x Real)", "(declare-const x Real)\n(declare-const x Real)"),
        "variable-of-sort-int": edited("(declare-const x Real)", "(declare-const x Int)"),
        "variable-named-like-a-definition": certificate(
            raw_text({"d0": UNIT}, "(>= (+ (^ d0 2) (^ d0 2)) 0)", {}, [("d0", "(^ d0 2)")]), leaf
        ),
        "definition-shadows-variable": certificate(raw_text({"x": CENTRED}, "(>= x 0)", {}, [("x", "(^ x 2)")]), leaf),
        "definition-twice": certificate(
            raw_text({"x": CENTRED}, "(>= (+ d0 d0) 0)", {}, [("d0", "x"), ("d0", "(^ x 2)")]), leaf
        ),
        "definition-of-itself": certificate(
            raw_text({"x": CENTRED}, "(>= (+ d0 d0) 0)", {}, [("d0", "(+ d0 1)")]), leaf
        ),
        "definition-unused": certificate(raw_text({"x": UNIT}, "(>= x 0)", {}, [("d0", "(^ x 2)")]), leaf),
        "definition-used-once": certificate(raw_text({"x": UNIT}, "(>= d0 0)", {}, [("d0", "(^ x 2)")]), leaf),
        "definition-with-arguments": edited("(check-sat)", "(define-fun f ((y Real)) Real y)\n(check-sat)"),
        "definition-doubling-chain": certificate(doubling, {"rule": "identity"}),
        "long-bound-name": certificate(raw_text({long_name: ("(/ 1 0)", None)}, f"(>= {long_name} 0)"), leaf),
    }


def broken_proofs() -> dict[str, Data]:
    """Return proofs that are not in the rule's form."""
    data = valid()
    logistic, disc = data["bisection-logistic"], data["bisection-two-variables"]
    product, good = data["combination-product-of-bounds"], data["substitution-doubled"]
    point, tree = data["counterexample-half"], ("proof", "tree")
    first = ("proof", "sum", 0)
    right = disc["proof"]["tree"]
    nested = good
    for _ in range(9):
        lemma = good["proof"] | {"lemma": nested, "instance": {"y": "y"}}
        lemma["discharge"] = {f"y.{s}": {"sum": [summand("1", f"y.{s}")]} for s in ("lower", "upper")}
        nested = {**good, "proof": lemma}
    coefficients = {
        "notation": "1e9", "decimal-comma": "1,5", "hexadecimal": "0x1", "full-width": "１", "superscript": "²",
        "zero-denominator": "1/0", "two-signs": "--1", "plus-sign": "+1", "space": " 1", "underscore": "1_000",
        "empty": "", "nan": "nan", "infinity": "inf", "two-bars": "1/2/3", "bar-only": "/", "line-break": "1\n",
        "negative-denominator": "1/-2", "long": "7" * 5_000, "billion-digits-like": "7" * 200_000, "arabic": "١",
    }  # fmt: skip
    return {
        **{f"coefficient-{name}": replaced(product, (*first, "coefficient"), v) for name, v in coefficients.items()},
        "coefficient-missing": removed(product, (*first, "coefficient")),
        "summand-null": replaced(product, first, None),
        "summand-list": replaced(product, first, ["1"]),
        "summand-unknown-field": replaced(product, (*first, "cube"), "x"),
        "sum-object": replaced(product, ("proof", "sum"), {"0": summand("1")}),
        "sum-null": replaced(product, ("proof", "sum"), None),
        "facts-text": replaced(product, (*first, "facts"), "x.upper"),
        "square-null": replaced(product, (*first, "square"), None),
        "square-empty": replaced(product, (*first, "square"), ""),
        "square-two-terms": replaced(product, (*first, "square"), "x y"),
        "square-not-polynomial": replaced(product, (*first, "square"), "(/ 1 x)"),
        "square-root": replaced(product, (*first, "square"), "(sqrt x)"),
        "square-unknown-variable": replaced(product, (*first, "square"), "z"),
        "square-deep": replaced(product, (*first, "square"), "(- " * 3_000 + "x" + ")" * 3_000),
        "square-power-tower": replaced(product, (*first, "square"), "(^ " * 20 + "(+ x y)" + " 64)" * 20),
        "denominators-object": replaced(data["combination-reciprocal"], ("proof", "denominators"), {}),
        "denominator-null": replaced(data["combination-reciprocal"], ("proof", "denominators", 0), None),
        "equality-unknown-field": replaced(
            data["combination-equality-hypothesis"], ("proof", "equalities", 0, "square"), "x"
        ),
        "bisection-leaf-dropped": replaced(disc, tree, right[:-1]),
        "bisection-leaf-added": replaced(disc, tree, right + "."),
        "bisection-leaf-then-cut": replaced(data["bisection-single-leaf"], tree, ".a.."),
        "bisection-empty-tree": replaced(logistic, tree, ""),
        "bisection-cut-only": replaced(logistic, tree, "a"),
        "bisection-mark-only": replaced(logistic, tree, "!"),
        "bisection-mark-at-end": replaced(data["bisection-single-leaf"], tree, ".!"),
        "bisection-mark-twice": replaced(data["bisection-single-leaf"], tree, "!!."),
        "bisection-mark-before-undecided": replaced(logistic, tree, "!?"),
        **{
            f"bisection-multiplier-{name}": replaced(data["bisection-multiplier"], tree, token)
            for name, token in {
                "missing": "[A]",
                "negative": "[A-1]",
                "zero-denominator": "[A1/0]",
                "notation": "[A1e9]",
                "decimal": "[A1.5]",
                "of-conclusion": "[.1]",
                "of-variable": "[a1]",
                "of-no-hypothesis": "[B1]",
                "unclosed": "[A1",
                "empty": "[]",
                "full-width": "[A１]",
                "superscript": "[A²]",
                "space": "[A1 ]",
                "leading-zero": "[A01]",
                "two": "[A1B1]",
                "marked": "![A1]",
                "long": "[A" + "7" * 5_000 + "]",
                "two-bars": "[A1/2/3]",
                "line-break": "[A1\n]",
            }.items()
        },
        "bisection-mark-before-cut": replaced(logistic, tree, "!" + logistic["proof"]["tree"]),
        "bisection-letter-beyond-variables": replaced(logistic, tree, "b.."),
        "bisection-letter-beyond-hypotheses": replaced(disc, tree, right.replace("A", "B", 1)),
        "bisection-letter-unknown": replaced(logistic, tree, "*"),
        "bisection-space": replaced(logistic, tree, "aa.a.a..aaa.... "),
        "bisection-line-break": replaced(logistic, tree, "\n"),
        "bisection-tree-list": replaced(logistic, tree, list("aa.a.a..aaa....")),
        "bisection-tree-number": replaced(logistic, tree, 1),
        "bisection-tree-null": replaced(logistic, tree, None),
        "bisection-tree-missing": removed(logistic, tree),
        "bisection-tree-surrogate": replaced(logistic, tree, "\udc61.."),
        "bisection-cuts-without-end": replaced(logistic, tree, "a" * 30_000),
        "point-missing": removed(point, ("proof", "point")),
        "point-empty": replaced(point, ("proof", "point"), {}),
        "point-more-variables": replaced(point, ("proof", "point", "y"), "1"),
        "point-list": replaced(point, ("proof", "point"), ["1/2"]),
        "point-number": replaced(point, ("proof", "point", "x"), 1),
        "point-term": replaced(point, ("proof", "point", "x"), "(/ 1 2)"),
        "lemma-null": replaced(good, ("proof", "lemma"), None),
        "lemma-missing": removed(good, ("proof", "lemma")),
        "lemma-is-a-proof": replaced(good, ("proof", "lemma"), good["proof"]["lemma"]["proof"]),
        "lemma-newer-version": replaced(good, ("proof", "lemma", "version"), 2),
        "lemma-unknown-field": replaced(good, ("proof", "lemma", "more"), 1),
        "lemmas-nested-too-deeply": nested,
        "instance-missing": removed(good, ("proof", "instance")),
        "instance-empty": replaced(good, ("proof", "instance"), {}),
        "instance-more-variables": replaced(good, ("proof", "instance", "y"), "y"),
        "instance-not-polynomial": replaced(good, ("proof", "instance", "x"), "(/ 1 y)"),
        "instance-in-the-lemma-s-variables": replaced(good, ("proof", "instance", "x"), "x"),
        "instance-null": replaced(good, ("proof", "instance", "x"), None),
        "discharge-missing": removed(good, ("proof", "discharge")),
        "discharge-one-missing": removed(good, ("proof", "discharge", "x.upper")),
        "discharge-one-more": replaced(good, ("proof", "discharge", "y.upper"), {}),
        "discharge-null": replaced(good, ("proof", "discharge", "x.upper"), None),
        "discharge-list": replaced(good, ("proof", "discharge"), []),
        "discharge-with-denominators": replaced(good, ("proof", "discharge", "x.upper", "denominators"), []),
    }


def malformed() -> dict[str, bytes]:
    """Return the files that are no certificates, by file name."""
    data: dict[str, Any] = {**broken_data(), **broken_statements(), **broken_proofs(), **broken()}
    tree_short = ball()
    tree_short["proof"]["tree"] = tree_short["proof"]["tree"][:-1]
    return {
        **broken_bytes(),
        **broken_json(),
        **{f"{name}.json": encode(content) for name, content in data.items()},
        "bisection-leaf-dropped.json.gz": compress(encode(tree_short)),
    }
