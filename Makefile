# Two commands: `make run` plays the built-in networks, `make test` runs the tests.
# Both set up what they need; see tools/setup.sh.

.PHONY: run test setup check wheel clean

run: setup
	@tools/run.sh

test: setup
	@tools/test.sh

setup:
	@tools/setup.sh

check: setup  # lint, formatting, types
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/pyright

wheel: setup  # build the wheel and start it from a clean environment
	@tools/try_wheel.sh

clean:
	rm -rf .venv out dist build
