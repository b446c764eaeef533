"""Cut lines: a cut path round the ink of a sticker, as SVG and as PDF with a spot colour.

    contour  ink and the customer's choices -> closed lines in millimetres
    files    lines -> SVG, PDF with the picture beneath if that is wanted

All but the handler are pure functions.
"""
