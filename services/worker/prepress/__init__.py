"""Prepress: what would go wrong if a cut-out were printed (`check`), and a cut-out fit for print (`edges`).

Pure functions on arrays; no clock, no database, no files. Only print jobs import this package: it needs SciPy, which
the worker of cut-outs does without.

    rules        what each print method asks for, and the customer's choices
    check        measurements -> findings, score
    edges        soft cut-out -> hard outline, colours free of the background; the gate says whether to trust it
"""
