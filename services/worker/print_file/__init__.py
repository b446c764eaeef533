"""A picture as a file that a printer takes: exact size, the printer's colours, white underbase, halftone, mirrored.

    fitting      the size in pixels, resampled once; turned
    halftone     fades as dots
    underbase    the plate of white ink
    inks         CMYK through an ICC profile
    artwork      all of them, in order
    writing      artwork -> PNG, TIFF or PDF, and the plate

Pure functions on arrays; only `handler` knows jobs, and only `writing` files.
"""
