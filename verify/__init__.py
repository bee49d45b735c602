"""Verification of theorems about gradient descent: claims, provers, a trusted kernel and the engine that joins them."""
