"""The trusted checker of limits: scalar networks in exact integer intervals, standard library only.

`curves` decides whether the assumption S_eta holds, `orbit` encloses gradient descent, `tail` bounds what comes after,
`certificate` reads and `checker` re-checks certificates.
"""
