"""The trusted kernel: statements, certificates and the checker that re-checks every proof.

The kernel imports the Python standard library and nothing else. It uses no floating point, evaluates nothing
as code, and is small enough to be read in one sitting. Reading order: `terms`, `smtlib`, `statements`,
`intervals`, `polynomials`, `certificates`, `rules`, `bisection`, `checker`.
"""
