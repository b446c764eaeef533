"""The failures that only batches have; `shared.errors` has the others."""

from shared.errors import Failure


class BatchClosed(Failure):
    status, code, message = 409, "batch_closed", "No more pictures can be added to this batch."
    advice = "Make another batch. Only one made with `pictures` stays open, until it is closed or cancelled."


class BatchUnfinished(Failure):
    status, code, message = 409, "batch_unfinished", "The batch has pictures that are not finished."
    advice = "Close the batch if it is open, and wait until its `status` is `done`."


class BatchTooLarge(Failure):
    status, code, message = 422, "batch_too_large", "These are more pictures than the batch may hold."
    advice = "Send them in several batches, of at most as many pictures as `message` says."


class ArchiveRefused(Failure):
    """`details.reason` is one of `services.api.batches.archives.Reason`."""

    status, code, message = 422, "archive_refused", "The ZIP file is not accepted."
    advice = "Make a plain ZIP file of pictures, without a password, links and other ZIP files, as `message` says."
