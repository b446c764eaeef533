"""Mock-ups in the running system: on the page, and when the service that draws them is down."""

from tests.stack import RunningStack
from tests.system.guest import Guest
from tests.system.visitor import Visit

_LOADED = "images => images.every((image) => image.complete && image.naturalWidth === 480)"


def _worn(visit: Visit) -> list[str]:
    """The ids in the addresses of the mock-ups: `/mockups/<garment>/<color>/<id>/<grant>.webp`."""
    sources = visit.page.locator("#mockups img").evaluate_all("images => images.map((image) => image.src)")
    return [source.split("/")[6] for source in sources]


def test_the_page_shows_a_cut_out_on_four_garments(visit: Visit) -> None:
    visit.drops_the_sample()
    visit.sees("result")
    visit.page.wait_for_selector("#mockups:not([hidden])")
    images = visit.page.locator("#mockups img")
    images.first.scroll_into_view_if_needed()
    for _ in range(100):
        if images.count() == 4 and images.evaluate_all(_LOADED):
            break
        visit.page.wait_for_timeout(200)
    assert images.evaluate_all(_LOADED)
    assert "T-shirt" in (images.first.get_attribute("alt") or "")
    assert [images.first.get_attribute(name) for name in ("width", "height", "loading")] == ["480", "480", "lazy"]
    # On a busy machine the service may be too late at first: the page asks again.
    assert [said for said in visit.complaints if "status of 503" not in said] == []


def test_the_garments_wear_the_print_edges_once_these_are_there(visit: Visit) -> None:
    visit.drops_the_sample()
    visit.sees("result")
    job_id = visit.page.evaluate("location.hash.slice(1)")
    for _ in range(100):
        job = visit.page.evaluate(f"fetch('/api/jobs/{job_id}').then((answer) => answer.json())")
        if _worn(visit) == 4 * [job["result"]["printAssetId"]]:
            break
        visit.page.wait_for_timeout(200)
    else:
        raise AssertionError(_worn(visit))
    assert visit.complaints == []


def test_without_the_service_the_page_shows_none_and_everything_else_works(visit: Visit, stack: RunningStack) -> None:
    stack.halt("mockups")
    visit.drops_the_sample()
    visit.sees("result")
    for _ in range(100):
        if visit.page.locator("#mockups[hidden]").count() and visit.page.locator("#mockups img").count() == 0:
            break
        visit.page.wait_for_timeout(200)
    assert visit.page.locator("#mockups").is_hidden()
    with visit.page.expect_download() as download:
        visit.page.click("#download")
    assert download.value.path().read_bytes().startswith(b"\x89PNG")


def test_the_api_stays_ready_while_the_service_is_down(system: RunningStack, guest: Guest) -> None:
    system.halt("mockups")
    system.eventually_ready("degraded", "mockups", "down")
    system.bring("mockups")
    system.eventually_ready("ok", "mockups", "ok")
