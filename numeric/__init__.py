"""Floating-point experiments on gradient descent: evidence about the theorems, never a proof of them."""
