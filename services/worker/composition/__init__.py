"""The picture that a caller of remove.bg's API gets, made of a cut-out.

    region ──> subject type ──> shadow ──> layout ──> canvas: subject, shadow, background ──> file

Nothing is enlarged but a subject whose `scale` asks for it. All is mixed in sRGB, as browsers and editors do, so that a
JPG shows what its caller would get from the PNG. Large pictures are worked on in strips of rows.
"""
