"""The trusted kernel: statements, certificates and the checker that re-checks every proof.

The kernel imports the Python standard library and nothing else. It uses no floating point, evaluates nothing
as code, and is small enough to be read in two sittings. Reading order: `terms`, `smtlib`, `statements`, `fixed`,
`series`, `functions`, `intervals`, `polynomials`, `certificates`, `rules`, `narrowing`, `bisection`, `existence`,
`extended`, `bounding`, `checker`.
"""
