"""The failures that only the shop has: accounts, catalogue, prices and orders; `shared.errors` has the others."""

from shared.errors import Failure


class NotOffered(Failure):
    status, code, message = 422, "not_offered", "The product is not printed there, or not by this method."
    advice = "Choose a placement and a method that `details` offers."


class OutsidePrintArea(Failure):
    status, code, message = 422, "outside_print_area", "The picture leaves the print area."
    advice = "Move it or make it smaller: `details` has the box around it, turned as asked, and the area."


class Changed(Failure):
    status, code, message = 412, "changed", "This was changed since you read it."
    advice = "Read it again, and send your change with its new `version` as `If-Match`."
