"""The trusted checker of trajectories: gradient descent on the squared regression model, re-checked step by step.

It imports the Python standard library and the kernel's reading of certificates, nothing else; it computes with integers
only. Reading order: `balls`, `matrices`, `problem`, `model`, `certificate`, `checker`.
"""
