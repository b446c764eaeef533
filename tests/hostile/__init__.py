"""Files that try to break the service, and as many honest ones that must be accepted. All are made here.

`corpus` has the hostile files with the code of their refusal, `benign` the honest ones with what they must look like.
"""
