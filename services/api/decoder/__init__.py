"""Decoding the bytes of strangers, in processes of its own that may be lost.

A decoder that is exhausted or overrun by a picture must not take the api along, nor find a secret. So pictures are
decoded by children: started with the api, before it is ready, and kept, because a process for each picture would cost
0.2 s of the processor. A child has no environment, no open file but its line to the api, and limits of its own. When
it dies, the request in hand has lost it, and the next one finds a new child:

    ready ──asked──> working ──answer──> ready                     after 1,000 pictures: a new one
                        └── beyond its limits, crashed or silent: refused, and a new one

`pool` is what the api holds, `child` one process as the api sees it, `__main__` what runs in it, `messages` their
language. This file stays empty of imports: a child needs none of the api's.
"""
