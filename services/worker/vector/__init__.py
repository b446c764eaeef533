"""Logos as drawings of curves: what was drawn with a few flat inks, traced; photographs are refused.

    palette    picture -> its inks, and whether it was drawn with them
    snapping   picture, inks -> every pixel one of the inks
    tracing    pixels -> SVG, in a process of its own

All but the handler and the tracer's process are pure functions.
"""
