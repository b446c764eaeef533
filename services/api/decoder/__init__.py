"""Decodes untrusted pictures in child processes, which may crash without harm.

A picture that exhausts or takes over its decoder must neither end the api nor reach a secret. So child processes decode
pictures. They start with the api, before it is ready, and are reused, because a process for each picture would cost
0.2 s of processor time. A child has no environment, no open file but its connection to the api, and limits of its own.
When it dies, the current request fails, and the next one gets a new child:

    ready ──request──> working ──response──> ready             after 1,000 pictures: a new child
                          └── over its limits, crashed or silent: the picture is refused, and a new child starts

`pool` is used by the api, `process` is one child as the api sees it, `__main__` runs in the child, and `protocol` is
what they exchange. This file imports nothing, because a child needs no module of the api.
"""
