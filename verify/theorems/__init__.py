"""The theorems: one module each, with its claims and the graph of what rests on what."""
