"""Gang sheets: designs nested by their true outlines, and written strip by strip.

    designs    a picture cropped to its ink, at print size, on disk          outlines   a polygon that holds all its ink
    shelves    rows of rectangles, at once                                   nesting    true outlines, within a time
    proof      counts, edges and gaps of any placements                      composing  strips of a sheet, ink counted
    files      PNG, TIFF and PDF of a sheet                                  preview    a small picture of it

`nesting` runs in a child process, as native code may crash, hang or raise what no `except Exception` catches.
"""
