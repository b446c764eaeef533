"""The page for people, in a real browser against the running system; no failure may be silent."""

import re

import numpy as np

from deploy.local.api_client import SAMPLE
from shared import fast_png
from tests.stack import RunningStack
from tests.system.visitor import ENTRANCE_MS, Visit

_RING = np.abs(np.hypot(*np.mgrid[-100:100, -100:100]) - 60) < 15  # a logo on a flat background
_BACKGROUND = "(e) => getComputedStyle(e).backgroundColor"
_NATURAL_SIZE = "(image) => [image.naturalWidth, image.naturalHeight]"


def test_a_dropped_picture_is_cut_out_and_can_be_downloaded(visit: Visit) -> None:
    visit.photographs("page-start.png")
    visit.drops_the_sample()
    visit.sees("result")
    assert visit.page.eval_on_selector("#before", _NATURAL_SIZE) == [1600, 2000]
    assert visit.page.eval_on_selector("#after", _NATURAL_SIZE) == [819, 1024]  # the preview's
    assert "1600 \u00d7 2000 px" in visit.reads("#size")
    assert visit.reads("#how") == "by compact"
    with visit.page.expect_download() as download:
        visit.page.click("#download")
    assert download.value.suggested_filename.endswith(".png")
    assert download.value.path().read_bytes().startswith(b"\x89PNG")
    visit.photographs("page-result.png")
    assert visit.complaints == []


def test_a_page_open_for_longer_than_an_address_lasts_can_still_download(visit: Visit) -> None:
    visit.drops_the_sample()
    visit.sees("result")
    visit.page.evaluate("document.querySelector('#download').href = '/assets/old/1-0?download=1'")
    with visit.page.expect_download() as download:
        visit.page.click("#download")
    assert download.value.path().read_bytes().startswith(b"\x89PNG")
    assert visit.complaints == []


def test_the_options_of_a_cut_out_can_be_chosen(visit: Visit) -> None:
    visit.page.click("summary")
    visit.page.select_option("#method", "flat")
    logo = np.where(_RING[..., None], (30, 60, 160), (246, 238, 220)).astype(np.uint8)
    visit.drops(fast_png.encode(logo), "ring.png", "image/png")
    visit.sees("result")
    assert visit.reads("#how") == "by colour"


def test_the_steps_are_announced_to_screen_readers(visit: Visit) -> None:
    visit.page.evaluate(
        "new MutationObserver(() => (window.heard ??= []).push(document.querySelector('#said').textContent))"
        ".observe(document.querySelector('#said'), { childList: true })"
    )
    visit.drops_the_sample()
    visit.sees("result")
    heard = visit.page.evaluate("window.heard")
    assert heard[0] == "Sending the picture"
    assert heard[-1] == "Done. The cut-out is ready."
    assert visit.page.evaluate("document.activeElement.id") == "done"


def test_a_picture_can_be_pasted_or_chosen(visit: Visit) -> None:
    visit.pastes_the_sample()
    visit.sees("result")
    visit.page.click("#result >> text=Another picture")
    visit.sees("start")
    visit.page.set_input_files("#file", SAMPLE)
    visit.sees("result")
    assert visit.complaints == []


def test_the_divider_follows_keys_and_pointer(visit: Visit) -> None:
    visit.drops_the_sample()
    visit.sees("result")
    visit.page.wait_for_timeout(ENTRANCE_MS)
    visit.page.focus("#split")
    visit.page.keyboard.press("ArrowRight")
    assert visit.divider() == "52%"
    frame = visit.page.locator("#compare").bounding_box()
    assert frame is not None
    visit.page.mouse.move(frame["x"] + frame["width"] / 2, frame["y"] + 99)
    visit.page.mouse.down()
    visit.page.mouse.move(frame["x"] + 2 * frame["width"], frame["y"] + 99)  # beyond the frame
    visit.page.mouse.up()
    assert visit.divider() == "100%"


def test_the_download_has_the_background_behind_the_cut_out(visit: Visit) -> None:
    visit.drops_the_sample()
    visit.sees("result")
    visit.page.check("input[value=red]", force=True)
    assert visit.page.eval_on_selector("#compare", _BACKGROUND) == "rgb(207, 47, 50)"
    assert visit.downloads().getpixel((5, 5)) == (207, 47, 50)
    visit.page.fill("#colour", "#00ff80")
    assert visit.page.eval_on_selector("#compare", _BACKGROUND) == "rgb(0, 255, 128)"
    assert visit.downloads().getpixel((5, 5)) == (0, 255, 128)
    visit.page.check("input[value=board]", force=True)
    assert visit.downloads().mode == "RGBA"
    assert visit.page.locator("#thumbs a").count() == 0  # they are no cut-outs of their own
    assert visit.complaints == []


def test_a_picture_can_be_the_background(visit: Visit) -> None:
    visit.page.click("summary")
    visit.page.select_option("#method", "network")
    visit.drops_the_sample()
    visit.sees("result")
    wall = fast_png.encode(np.full((50, 100, 3), (30, 60, 160), np.uint8))
    visit.page.set_input_files("#backdrop", {"name": "wall.png", "mimeType": "image/png", "buffer": wall})
    assert "blob:" in visit.page.eval_on_selector("#compare", "(e) => getComputedStyle(e).backgroundImage")
    made = visit.downloads()
    assert (made.size, made.getpixel((5, 5))) == ((1600, 2000), (30, 60, 160))
    jobs = visit.page.evaluate("fetch('/api/jobs').then((answer) => answer.json())")["items"]
    assert [job["options"].get("method") for job in jobs] == ["network", "network"]
    assert len({job["result"]["maskUrl"].split("/")[2] for job in jobs}) == 1
    assert visit.complaints == []


def test_a_reload_keeps_the_result_and_the_start_page_lists_it(visit: Visit) -> None:
    visit.drops_the_sample()
    visit.sees("result")
    visit.page.reload()
    visit.sees("result")
    assert visit.page.eval_on_selector("#before", _NATURAL_SIZE) == [1600, 2000]  # now the stored one
    visit.page.goto(visit.address)
    visit.sees("earlier")
    visit.page.click("#thumbs a")
    visit.sees("result")
    assert visit.complaints == []


def test_a_text_named_jpg_is_refused_with_the_servers_message(visit: Visit) -> None:
    visit.drops(b"not a picture at all", "letter.jpg")
    visit.sees("trouble")
    assert visit.reads("#why").startswith("This file is not a picture in a known format. Accepted are JPEG")
    assert visit.reads("#code").startswith("unsupported_image · ")
    assert visit.page.is_hidden("#again")  # the same file would be refused again
    assert visit.unexpected() == []


def test_a_file_that_cannot_be_accepted_is_refused_before_it_is_sent(visit: Visit) -> None:
    visit.drops(b"%PDF-1.7", "shirt.pdf", "application/pdf")
    visit.sees("trouble")
    assert "JPEG, PNG, WebP, HEIC" in visit.reads("#why")
    assert visit.complaints == []  # the browser would have logged a refusal by the server


def test_a_rate_limited_visitor_sees_how_long_the_wait_is(visit: Visit) -> None:
    words = "Too many requests; try again in 60 minutes."
    refusal = {"error": {"code": "rate_limited", "message": words, "requestId": "r1"}}
    headers = {"Retry-After": "3595"}
    visit.page.route("**/api/cutouts", lambda route: route.fulfill(status=429, json=refusal, headers=headers))
    visit.drops_the_sample()
    visit.sees("trouble")
    assert visit.reads("#why") == words
    assert re.fullmatch(r"Try again in 59:\d\d", visit.reads("#again"))
    assert visit.page.is_disabled("#again")
    headers["Retry-After"] = "1"
    visit.page.reload()
    visit.drops_the_sample()
    visit.sees("trouble")
    visit.page.unroute("**/api/cutouts")
    visit.page.click("#again")  # waits until it is enabled
    visit.sees("result")
    assert visit.unexpected() == []


def test_the_page_waits_while_no_worker_runs(visit: Visit, stack: RunningStack) -> None:
    stack.halt("worker")
    visit.drops_the_sample()
    visit.page.wait_for_selector("[data-step=queued].now")
    visit.page.goto(visit.address)  # the visitor leaves and comes back
    visit.page.wait_for_selector("#thumbs .queued")
    visit.page.click("#thumbs a")
    visit.page.wait_for_selector("[data-step=queued].now")
    stack.bring("worker")
    visit.sees("result")
    assert visit.complaints == []


def test_a_picture_without_a_subject_says_so(visit: Visit) -> None:
    visit.drops(fast_png.encode(np.full((64, 64, 3), 128, np.uint8)), "fog.png", "image/png")
    visit.sees("trouble")
    assert visit.reads("#why") == "No subject could be found in the picture."
    assert visit.reads("#code").startswith("unknown_foreground · ")
    assert visit.page.is_hidden("#again")
    assert visit.complaints == []


def test_a_waiting_job_can_be_cancelled(visit: Visit, stack: RunningStack) -> None:
    stack.halt("worker")
    visit.drops_the_sample()
    visit.page.wait_for_selector("[data-step=queued].now")
    visit.page.click("#cancel")
    visit.sees("start")
    assert visit.page.is_hidden("#earlier")
    assert visit.complaints == []


def test_a_picture_can_be_sent_again_after_the_server_was_down(visit: Visit, stack: RunningStack) -> None:
    stack.halt("api")
    visit.drops_the_sample()
    visit.sees("trouble")
    assert "cannot reach the server" in visit.reads("#why")
    stack.bring("api")
    visit.page.click("#again")
    visit.sees("result")
    assert visit.unexpected() == []


def test_the_page_polls_where_the_event_stream_does_not_pass(visit: Visit) -> None:
    visit.page.route("**/events", lambda route: route.abort())
    visit.drops_the_sample()
    visit.sees("result")
    assert visit.unexpected() == []


def test_the_page_is_dark_in_dark_mode(night_visit: Visit) -> None:
    night_visit.drops_the_sample()
    night_visit.sees("result")
    night_visit.photographs("page-dark.png")
    assert night_visit.page.eval_on_selector("body", "(e) => getComputedStyle(e).backgroundColor") == "rgb(14, 26, 30)"
    assert night_visit.complaints == []
