# The doorway: every command of this repository. `make` alone lists them.
# .venv is made from the hash-pinned locks; the stamps in it remember which, so that a second call costs nothing.

PYTHON ?= python3
export IMAGE ?= deploy/local/sample.jpg
export OUT ?= cutout.png
export T ?=
export SEED ?= 1
export SCOPE ?= premium

VENV := .venv
RUN := $(VENV)/bin/python -m
PIP := $(RUN) pip --disable-pip-version-check
LOCKS := $(foreach group,api print mockups rembg local,requirements/$(group).txt)
# Five processes share the tests, a group (tests/conftest.py) at a time; they wait more than they compute.
WHOLE := -n 5 --no-loadscope-reorder
# Extras stay in the locks: without them pip before 24 refuses a lock whenever a dependency has released since.
COMPILE = $(VENV)/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-annotate --no-header --quiet

# True where the system of `make key` and `make seed` is the one in containers. Without .venv there is no `make run`, and Python need not be installed.
IN_CONTAINERS = [ -z "$$DATABASE_URL" ] && docker compose ps --services --status running 2>/dev/null | grep -qx api \
	&& { [ -z "$$PORT" ] && [ ! -e $(VENV)/.runtime ] || { $(MAKE) --silent $(VENV)/.runtime >&2 && $(RUN) deploy.local.running_system; }; }

# Every process would compile again what none may keep.
unexport PYTHONDONTWRITEBYTECODE

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help setup run demo story key seed test chaos hostile check check-fresh check-platforms bench bench-broker bench-catalogue bench-front bench-mockups bench-orders bench-print bench-queue bench-rembg bench-uploads soak models garments gallery lock clean up down logs ps images release

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r name words; do printf '  make %-16s %s\n' "$$name" "$$words"; done

setup: $(VENV)/.runtime ## Make .venv from the locks

run: $(VENV)/.runtime ## Start everything on this machine and cut out a sample picture; PORT= DATA_DIR= change where
	@$(RUN) deploy.local

key: ## Create an API key in the running system: make key NAME=shop SCOPE=premium (or orders, catalogue, admin)
	$(if $(NAME),,$(error Name the key: make key NAME=shop SCOPE=premium))
	@if $(IN_CONTAINERS); then front=http://$$(docker compose port front 8080); echo "A key of the containers at $$front:" >&2; \
		docker compose exec -T api python -m services.api.keys create --scope="$$SCOPE" --local-address="$$front" -- "$$NAME"; \
	else \
		$(MAKE) --silent $(VENV)/.runtime >&2 && $(RUN) deploy.local.key "$$NAME" "$$SCOPE"; \
	fi

seed: ## Put the sample shop into the running system, as make run does by itself; SCALE=200000 adds orders and their products for load tests
	@if $(IN_CONTAINERS); then echo "The sample shop of the containers at http://$$(docker compose port front 8080):"; \
		docker compose exec -T api python -m deploy.seed $(SCALE); \
	else \
		$(MAKE) --silent $(VENV)/.runtime >&2 && $(RUN) deploy.local.seed $(SCALE); \
	fi

demo: $(VENV)/.runtime ## Cut out one picture, with print check, print file, cut line and mock-up: make demo IMAGE=photo.jpg OUT=cut.png
	@$(RUN) deploy.local.demo "$$IMAGE" "$$OUT"

story: $(VENV)/.runtime ## Order a printed shirt over HTTP: photo, design, price, payment with test money, production, refund, books
	@$(RUN) deploy.local.story

test: $(VENV)/.dev ## Run all tests, or those of one path: make test T=tests/shared
	@if [ -n "$$T" ]; then $(RUN) pytest $$T; else $(RUN) pytest $(WHOLE); fi

coverage: $(VENV)/.dev ## Run all tests and say which lines none of them runs; takes 50 % longer
	@$(RUN) pytest $(WHOLE) --cov --cov-report=term --cov-fail-under=90

chaos: $(VENV)/.dev ## Kill, freeze and cut the running system for a quarter of an hour; SEED= drives the random killer
	@$(RUN) pytest tests/chaos --long --seed "$$SEED"

hostile: $(VENV)/.dev ## Send the hostile corpus, the honest one, 1,000 damaged files, 10,000 generated requests and random designs to a live api
	@$(RUN) pytest tests/hostile tests/system/openapi/test_schemathesis.py tests/system/test_random_designs.py --long

bench: bench-broker bench-catalogue bench-front bench-mockups bench-orders bench-print bench-queue bench-rembg bench-uploads ## Run every benchmark

bench-broker: $(VENV)/.dev ## Measure what the queue costs: commands, latency, overhead, beside the targets
	@$(RUN) bench.broker

bench-catalogue: $(VENV)/.dev ## Compare cached pages with a view that returns the same bytes, and time the catalogue's statements with 10,000 products
	@$(RUN) bench.catalogue

bench-front: $(VENV)/.dev ## Three times too many requests, then 1,000 users, through nginx: latency beside the target (5 minutes)
	@$(RUN) bench.front

bench-mockups: $(VENV)/.dev ## Time mock-ups and their memory, beside Pillow's own compositing
	@$(RUN) bench.mockups

bench-orders: $(VENV)/.dev ## Compare orders over HTTP with the statements of their transaction alone, and time the statements about 200,000 orders
	@$(RUN) bench.orders

bench-print: $(VENV)/.dev ## Time print checks, print edges and sheets of 5 m, and compare gang sheets with rectpack, beside their targets
	@OMP_NUM_THREADS=1 $(RUN) bench.print
	@$(RUN) bench.print_formats
	@OMP_NUM_THREADS=1 $(RUN) bench.gang_sheets

bench-queue: $(VENV)/.dev ## Measure a queue of a million jobs, beside other queues if PEERS_PYTHON= has them (half an hour)
	@$(RUN) bench.job_queue

check: $(VENV)/.dev ## Check style, types and the rules of the architecture
	@$(RUN) ruff check
	@$(RUN) ruff format --check
	@$(RUN) mypy
	@$(VENV)/bin/python $(VENV)/bin/lint-imports --no-cache --no-logo
	@$(RUN) pytest tests/architecture

bench-rembg: $(VENV)/.dev ## Compare the rembg service with `rembg s`; writes docs/benchmarks.md (20 minutes)
	@$(RUN) bench.removal

bench-uploads: $(VENV)/.dev ## Compare storing a picture with a view that only saves it, and say where the time goes
	@$(RUN) bench.uploads

soak: $(VENV)/.dev ## Flood the rembg service and `rembg s` for a minute; then 2,000 pictures in a row (half an hour)
	@$(RUN) bench.removal.soak

gallery: $(VENV)/.dev ## Draw docs/gallery: print edges of hard cases beside the soft cut-outs, every garment with three designs, a gang sheet, cut lines, traced logos, enlargements and compositions
	@$(RUN) docs.gallery docs/gallery/print-edges.webp
	@$(RUN) docs.drawing.mockups docs/gallery/mockups.webp
	@$(RUN) docs.drawing.gang_sheet docs/gallery/gang-sheet.webp
	@$(RUN) docs.drawing.vectors docs/gallery/vectors.webp
	@$(RUN) docs.drawing.compositions docs/gallery/compositions.webp

check-fresh: ## Install every lock into new environments with each Python here, under its oldest pip and the newest
	@.ci/check-fresh

check-platforms: $(VENV)/.dev ## Resolve the runtime locks to wheels for every system and Python that the README names
	@$(PIP) install --quiet uv
	@UV=$(VENV)/bin/uv .ci/check-platforms

models: $(VENV)/.runtime ## Fetch, optimize and quantize the weights of the production model (REMBG_MODEL= names another)
	@$(RUN) services.rembg.weights
	@$(PIP) install --quiet --require-hashes --no-compile -r requirements/models.txt
	@$(RUN) services.rembg.weights.optimize
	@$(RUN) services.rembg.weights.quantize
	@$(RUN) services.rembg.weights.judge

garments: $(VENV)/.dev ## Draw the garments of mock-ups again, with their checksums (a few minutes)
	@$(RUN) services.worker.mockups.garments

lock: $(VENV)/.dev ## Compile the locks again from pyproject.toml, with the newest versions it allows
	@$(PIP) install --quiet uv
	@$(COMPILE) --upgrade --group dev -o requirements/dev.txt
	@for group in api worker print mockups rembg local models; do \
		$(COMPILE) --group $$group -c requirements/dev.txt -o requirements/$$group.txt || exit 1; \
	done
	@echo "requirements/ is compiled again"

clean: ## Remove .venv and everything else that can be made again; data stays
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .coverage .coverage.* htmlcov
	find bench deploy research services shared tests -name __pycache__ -prune -exec rm -rf {} +

up: ## Build and start everything in containers, then say where and with which network (PROFILE=observability adds more)
	@PROFILE="$(PROFILE)" deploy/up.sh

# `down` alone would leave an unnamed volume for the /tmp of every container.
down: ## Stop and remove the containers; the data in named volumes stays
	@docker compose --profile '*' rm --stop --force --volumes
	@docker compose --profile '*' down

logs: ## Follow the logs of the containers, or those of one service: make logs S=api
	@docker compose logs --follow --tail 100 $(S)

ps: ## Show the containers, their health and their memory
	@docker compose ps --all --format 'table {{.Name}}\t{{.Status}}\t{{.Ports}}'
	@docker stats --no-stream --format 'table {{.Name}}\t{{.MemUsage}}\t{{.CPUPerc}}' $$(docker compose ps --quiet)

images: ## Build the images; print their sizes and the largest layers of each
	@docker compose build --quiet
	@for service in api worker worker-print mockups rembg; do \
		docker image ls --format '{{.Repository}} {{.Size}}' stolentee-$$service; \
		docker history --human=false --format '{{.Size}} {{.CreatedBy}}' stolentee-$$service | sort -rn | head -4 \
			| awk '{ size = $$1 / 1e6; $$1 = ""; printf "  %6.1f MB %s\n", size, substr($$0, 1, 90) }'; \
	done

release: ## Build the images and tag them with the version of shared/version.py (MODEL=u2net bakes the weights in)
	@version=$$(sed -n 's/^VERSION = "\(.*\)"/\1/p' shared/version.py); \
	grep -q "^## $$version - " CHANGELOG.md || { echo "CHANGELOG.md has no section \"## $$version - DATE\"" >&2; exit 1; }; \
	docker compose build --quiet && for service in api worker worker-print mockups rembg; do \
		docker tag stolentee-$$service stolentee-$$service:$$version && echo "stolentee-$$service:$$version" || exit 1; \
	done

# Steps report to stderr: `make key` prints nothing but the key. An interrupted step leaves no stamp and is done again. Modules are compiled when first imported: few ever are. The programs of .venv/bin are not used, only its Python: their
# first lines would break if the folder moved.
$(VENV)/.made:
	@$(PYTHON) -c "import sys; v = sys.version_info; (3, 11) <= v < (3, 15) or sys.exit('Python 3.11 to 3.14 is needed, and $(PYTHON) is %d.%d: name another with PYTHON=python3.12' % v[:2])"
	@$(RUN) pip --version >/dev/null 2>&1 || { echo "Creating $(VENV) (once; up to half a minute) ..." >&2; $(PYTHON) -m venv --clear $(VENV); }
	@touch $@

$(VENV)/.runtime: $(VENV)/.made $(LOCKS)
	@echo "Installing what the services need into $(VENV) (once; about a minute) ..." >&2
	@$(PIP) install --quiet --require-hashes --no-compile $(LOCKS:%=-r %)
	@touch $@

$(VENV)/.dev: $(VENV)/.made requirements/dev.txt
	@echo "Installing what the tests need into $(VENV) (once; about a minute) ..." >&2
	@$(PIP) install --quiet --require-hashes --no-compile -r requirements/dev.txt
	@touch $@ $(VENV)/.runtime
