# The everyday commands of Gariep; `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help bootstrap demo test build release format lint bench clean

export PKG_CONFIG_PATH := $(CURDIR)/.deps/lib/pkgconfig$(if $(PKG_CONFIG_PATH),:$(PKG_CONFIG_PATH))

folders := $(wildcard Sources Tests Benchmarks)
gariep := .build/release/gariep

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

bootstrap: ## bring the native libraries and data (Debian packages and .deps)
	@scripts/bootstrap

demo: release ## build and run the demo; KEEP=1 leaves it running at the end
	@$(gariep) demo $(if $(KEEP),--keep)

test: ## check format, build, and run all tests
	@scripts/bootstrap --tests
	@scripts/test

build: bootstrap ## debug build
	swift build

release: bootstrap ## release build of the program
	swift build -c release --product gariep

format: ## rewrite the sources in the project's format
	swift format -i -r -p $(folders)

lint: ## check the format
	swift format lint --strict -r -p $(folders)

bench: release ## run the benchmarks beside their peers
	@$(gariep) bench

clean: ## remove what was built; .deps stays (rm -r .deps removes it too)
	rm -rf .build
