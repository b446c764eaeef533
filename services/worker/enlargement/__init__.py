"""Pictures with more pixels, where a print needs them.

    flat        a logo: its areas get sharp edges at the new size
    lanczos     a photograph: smooth, without rings beside edges
    comparison  how much the picture changed, and where to show it before and after

Pure functions on arrays; only `handler` knows jobs.
"""
