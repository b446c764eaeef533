"""Migrates objects from one S3 bucket to another, and then their URLs in the database.

    copy      copies every object and compares checksums        resumes where it stopped, as often as needed
    rewrite   rewrites the URLs of copied objects               in transactions; rows of this system hold no URLs
    verify    reads every copy and compares it again
    rollback  restores the URLs
    report    prints what the ledger holds

A ledger with one JSON line for each completed action makes every step resumable. Nothing is ever deleted or overwritten
on either side: the old bucket stays as it is until an operator removes it.
"""
