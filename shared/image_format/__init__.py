"""Picture files as bytes: what they declare, what is hidden in them, and the same file without the latter.

No decoder runs here. `jpeg`, `png` and `webp` each have `read(data)`, one walk over the file's segments or chunks that
gives a `Structure`, and `with_orientation(data, orientation)`. Everything the system stores, and everything Pillow is
ever shown, is the cleaned file put together from that walk: what no decoder sees does no harm.
"""
