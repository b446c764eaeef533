"""Products out as a file and in again: all or nothing, and every fault by row and column."""

import csv
import io
import random
from typing import Any

import pytest

from services.api.catalogue.columns import COLUMNS
from tests.services.api.catalogue.conftest import PRODUCTS, TEE, Admin
from tests.services.api.client import body, refused

HEAD = "slug,title,category,status,print_areas,sku,color,color_hex,size,price,weight_g,stock\n"
NEW = (
    HEAD + "mug,Mug,mugs,active,front 80x85 dtf mug,M-WHT,White,#f6f5f2,11 oz,12.90,350,20\n"
    "mug,,,,,M-BLK,Black,17171a,11 oz,13,350,5\n"
)


def found(response: Any) -> list[tuple[int, str | None]]:
    """Row and column of each fault."""
    return [(fault["row"], fault["column"]) for fault in body(response)["faults"]]


def listed(admin: Admin) -> list[str]:
    return [item["slug"] for item in admin.get(PRODUCTS)["items"]]


def whole(admin: Admin, slug: str = "mug") -> dict[str, Any]:
    item = next(item for item in admin.get(PRODUCTS)["items"] if item["slug"] == slug)
    return admin.get(f"{PRODUCTS}/{item['id']}")


def test_a_file_makes_products_with_their_variants(admin: Admin) -> None:
    report = body(admin.import_csv(NEW))
    assert report == dict(
        dryRun=False, newProducts=1, changedProducts=0, newVariants=2, changedVariants=0, faultCount=0, faults=[]
    )
    made = whole(admin)
    assert (made["title"], made["fromCents"], made["status"]) == ("Mug", 1290, "active")
    assert made["printAreas"] == [
        {"placement": "front", "widthMm": 80, "heightMm": 85, "methods": ["dtf"], "garment": "mug"}
    ]
    assert [(v["sku"], v["colorHex"], v["priceCents"], v["stock"]) for v in made["variants"]] == [
        ("M-WHT", "f6f5f2", 1290, 20),
        ("M-BLK", "17171a", 1300, 5),
    ]
    moves = admin.get(f"/api/admin/variants/{made['variants'][0]['id']}/stock")["items"]
    assert [(move["delta"], move["reason"], move["actor"]) for move in moves] == [(20, "initial", "anne")]


def test_a_dry_run_changes_nothing_and_says_what_would_be(admin: Admin) -> None:
    report = body(admin.import_csv(NEW, dry_run=True))
    assert (report["dryRun"], report["newProducts"], report["newVariants"]) == (True, 1, 2)
    assert listed(admin) == []


FAULTY = (
    HEAD + "mug,Mug,mugs,active,front 80x85 dtf mug,M-WHT,White,#f6f5f2,11 oz,12.90,350,20\n"
    "mug,Cup,,,,M-WHT,Black,17171a,11 oz,13.999,350,5\n"  # another title, a SKU again, a price of mills
    ",Cap,caps,sold,,C 1,Red,b3202c,one,9.90,80,1\n"  # no slug, a status that is none, a SKU with a space
    'cap,Cap,,active,front 110 dtf,C-1,Red,red,one,"1,299.00",80.5,-1\n'
    "tote,,,,,T-1,,,,,,\n"
)


def test_every_fault_is_listed_by_row_and_column(admin: Admin) -> None:
    response = admin.import_csv(FAULTY, dry_run=True)
    columns: dict[int, set[str | None]] = {}
    for row, column in found(response):
        columns.setdefault(row, set()).add(column)
    assert columns == {
        3: {"sku", "price", "title"},
        4: {"slug", "status", "sku"},
        5: {"print_areas", "color_hex", "price", "weight_g", "stock", "category"},
        6: {"title", "category", "color", "color_hex", "size", "price", "weight_g"},
    }
    assert list(columns) == sorted(columns)
    assert body(response)["faultCount"] == 19


def test_with_one_fault_nothing_is_imported(admin: Admin) -> None:
    details = refused(admin.import_csv(NEW + "mug,,,,,M-RED,Red,b0202b,11 oz,zero,350,5\n"), 422, "faulty_file")
    assert [(fault["row"], fault["column"]) for fault in details["faults"]] == [(4, "price")]
    assert listed(admin) == []


def test_an_empty_cell_and_a_missing_column_change_nothing(admin: Admin) -> None:
    admin.import_csv(NEW)
    before = whole(admin)
    report = body(admin.import_csv("sku,slug,price,title\nM-WHT,mug,14.90,\n"))
    assert (report["changedProducts"], report["changedVariants"]) == (1, 1)
    after = whole(admin)
    assert after["variants"][0] == {**before["variants"][0], "priceCents": 1490}
    assert {**after, "variants": 0, "version": 0, "updatedAt": 0} == {
        **before, "variants": 0, "version": 0, "updatedAt": 0, "fromCents": 1300
    }  # fmt: skip
    assert after["version"] == before["version"] + 1


def test_the_stock_of_a_known_variant_moves_by_a_change_only(admin: Admin) -> None:
    admin.import_csv(NEW)
    admin.import_csv("slug,sku,stock,stock_change\nmug,M-WHT,999,-4\nmug,M-BLK,999,\n")
    assert [variant["stock"] for variant in whole(admin)["variants"]] == [16, 5]
    moves = admin.get(f"/api/admin/variants/{whole(admin)['variants'][0]['id']}/stock")["items"]
    assert [(move["delta"], move["reason"]) for move in moves] == [(-4, "counted"), (20, "initial")]
    assert found(admin.import_csv("slug,sku,stock_change\nmug,M-WHT,-17\n", dry_run=True)) == [(2, "stock_change")]


def test_what_is_there_already_is_a_fault_of_its_row(admin: Admin) -> None:
    admin.create()
    admin.import_csv(NEW)
    head = "slug,sku,color,size,color_hex,price,weight_g\n"
    taken = head + "mug,HT-BLK-M,Red,one,b0202b,1,1\nmug,NEW,White,11 oz,f6f5f2,1,1\n"
    assert found(admin.import_csv(taken, dry_run=True)) == [(2, "sku"), (3, "color")]


def test_a_product_changed_since_the_export_is_a_fault(admin: Admin) -> None:
    made = admin.create()
    exported = admin.export()
    assert body(admin.import_csv(exported, dry_run=True))["faults"] == []
    admin.change(made, title="Another")
    as_it_is = exported.replace("Heavyweight T-shirt", "Another")
    assert body(admin.import_csv(as_it_is))["changedProducts"] == 0
    assert found(admin.import_csv(exported, dry_run=True)) == [(2, "version")]
    refused(admin.import_csv(exported), 422, "faulty_file")


def test_an_export_imported_again_changes_nothing(admin: Admin) -> None:
    admin.create(description='=HYPERLINK("https://evil.example")\n"quoted", and; more', tags="-1 @cmd +x 'y")
    admin.import_csv(NEW)
    odd = [{"size": "4: 5, slim", "mm": {"Chest; all round": 1066.125, r"Length \ back": 740}}]
    admin.change(whole(admin, "mug"), sizeChart=odd)
    before = [whole(admin, slug) for slug in ("heavy-tee", "mug")]
    for query in ("", "?separator=semicolon"):
        report = body(admin.import_csv("\ufeff" + admin.export(query)))
        assert {name: count for name, count in report.items() if count} == {}
    assert [whole(admin, slug) for slug in ("heavy-tee", "mug")] == before


def test_a_size_chart_is_exported_and_imported(admin: Admin) -> None:
    admin.create()
    assert "M: Length 740.5, Chest width 530" in admin.export()
    changed = admin.export().replace("M: Length 740.5, Chest width 530", "M: Length 750; L: Chest width 560")
    assert body(admin.import_csv(changed))["changedProducts"] == 1
    assert whole(admin, "heavy-tee")["sizeChart"] == [
        {"size": "M", "mm": {"Length": 750}},
        {"size": "L", "mm": {"Chest width": 560}},
    ]


def test_a_file_can_be_imported_twice_and_changes_only_what_differs(admin: Admin) -> None:
    admin.import_csv(NEW)
    changed = admin.export().replace("12.90", "14.90").replace(",no\r\n", ",yes\r\n", 1)
    for variants in (1, 0):
        report = body(admin.import_csv(changed))
        assert (report["changedProducts"], report["changedVariants"]) == (variants, variants)
    assert (whole(admin)["version"], [v["archived"] for v in whole(admin)["variants"]]) == (2, [True, False])
    areas = "slug,sku,print_areas\nmug,M-WHT,front 70x85 dtf mug\n"
    assert [body(admin.import_csv(areas))["changedProducts"] for _ in range(2)] == [1, 0]


def test_no_cell_of_an_export_is_run_as_a_formula(admin: Admin) -> None:
    for number, sign in enumerate("=+-@"):
        variant = {**TEE["variants"][0], "sku": f"F-{number}", "color": f"{sign}1+1", "size": f"{sign}A1"}
        admin.create(slug=f"f-{number}", title=f"{sign}cmd|' /C calc'!A0", variants=[variant])
    exported = admin.export()
    cells = [cell for row in csv.reader(io.StringIO(exported, newline="")) for cell in row]
    assert len(cells) == 5 * len(COLUMNS)
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    assert sum(cell.startswith("'") for cell in cells) == 12


def test_an_export_opens_in_excel(admin: Admin) -> None:
    admin.create(title="Größe Ł")
    response = admin.send("GET", f"{PRODUCTS}.csv")
    assert response.content_type == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"] == "attachment; filename=products.csv"
    assert response.data.startswith(b"\xef\xbb\xbfslug,title,")
    assert response.data.count(b"\r\n") == 3


def test_an_export_reads_products_in_parts(admin: Admin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.api.catalogue.files._AT_ONCE", 2)
    for number in range(5):
        admin.create(slug=f"tee-{number}", variants=[{**TEE["variants"][0], "sku": f"S-{number}"}])
    rows = list(csv.DictReader(io.StringIO(admin.export(), newline="")))
    assert [row["slug"] for row in rows] == [f"tee-{number}" for number in range(5)]


def test_a_body_that_is_no_csv_or_too_large_is_refused(admin: Admin) -> None:
    response = admin.send("POST", f"{PRODUCTS}/import", json={"slug": "mug"})
    refused(response, 400, "invalid_request")
    large = admin.import_csv(b"x" * (4 << 20) + b"x")
    refused(large, 413, "body_too_large")
    assert body(large)["error"]["message"] == "The file is larger than 4 MB; send it in parts."
    assert found(admin.import_csv(b"", dry_run=True)) == [(1, "slug"), (1, "sku")]


def test_a_long_list_of_faults_is_cut_and_counted(admin: Admin) -> None:
    report = body(admin.import_csv(HEAD + "".join(f"Wrong slug,,,,,S-{n},,,,,,\n" for n in range(1200)), dry_run=True))
    assert (report["faultCount"], len(report["faults"])) == (7202, 1000)


def test_damaged_files_are_answered_with_faults(admin: Admin) -> None:
    rng = random.Random(3)
    for _ in range(150):
        data = bytearray(NEW.encode())
        for _ in range(rng.randrange(1, 6)):
            data[rng.randrange(len(data))] = rng.choice(b",;\"'\n\r\0=x\xff\xc3")
        report = body(admin.import_csv(bytes(data), dry_run=True))
        real = admin.import_csv(bytes(data))
        assert (real.status_code == 200) == (report["faultCount"] == 0), (bytes(data), report, real.text)
