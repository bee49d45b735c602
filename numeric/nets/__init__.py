"""Networks of the experiments: their layers, and batch normalisation over the whole batch."""
