"""Files that try to break us, and as many honest ones that must not be mistaken for them. All are made here.

`corpus` has the hostile files with the code each must be refused with, `benign` the honest ones with what must be seen.
"""
