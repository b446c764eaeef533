"""Logos as drawings of curves: what was drawn with a few flat inks, traced; photographs are refused.

    palette    picture -> its inks, and whether it was drawn with them
    snapping   picture, inks -> every pixel one of the inks
    tracing    pixels -> outlines, in a process of its own
    files      outlines -> SVG, and PDF with an ink for each screen

All but the handler, the tracer's process and the written PDF are pure functions.
"""
