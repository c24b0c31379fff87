# make demo   the whole loop on simulated studies, then serve it (ARGS=--no-serve ends by itself)
# make test   every check: style, types, layers, tests
# make bench  measures speed and memory and writes docs/benchmarks.md
# make fuzz   100,000 damaged files through the converters (ARGS=1000 takes fewer)

.PHONY: demo test bench fuzz set-up lock

demo:
	@scripts/set-up demo
	.venv/bin/scintiloop demo $(ARGS)

test:
	@scripts/set-up test
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	scripts/run-tests $(ARGS)

bench:
	@scripts/set-up bench
	.venv/bin/python -m tests.benchmarks $(ARGS)

fuzz:
	@scripts/set-up
	.venv/bin/python -m tests.fuzz $(ARGS)

set-up:
	@scripts/set-up

lock:
	scripts/lock
