"""Files that printers take, written strip by strip: their size is bounded by the disk, not by memory.

    png    RGBA, or one plate in grey
    tiff   RGB or CMYK with alpha, or flat with spot channels
    pdf    pictures laid down any number of times, spot colours and lines on one page

Colours are straight (not premultiplied). Sizes are (width, height). A writer takes strips from top to bottom, each
(rows, width, samples) uint8, and raises ValueError if they do not add up to the size; the file is then no good. Files
are the same for the same pixels: they hold neither time nor version.
"""
