"""Moving house: every object of one S3 bucket into another, and the addresses in the database after them.

    copy      every object, compared by checksum on its way     as often as needed: it goes on where it was
    rewrite   addresses in the database, of what was copied     in transactions; rows of this system hold no addresses
    verify    reads every copy and compares it again
    rollback  puts the addresses back
    report    what the ledger knows

A ledger, one JSON line for each thing that was done, makes each step resumable; a line is written when the thing is.
Nothing is ever deleted or written over, on either side: the old bucket stays as it is until somebody removes it.
"""
