"""Provers: fast and untrusted. Whatever they return counts only once the kernel has re-checked it."""
