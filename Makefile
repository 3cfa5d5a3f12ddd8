# Every target does its own set-up, system packages included, on a fresh Debian machine.

# A dependency build shared between clones, where the machine has one; else the usual ./target.
SHARED_TARGET := /var/cache/kalamdb/target
ifneq ($(wildcard $(SHARED_TARGET)),)
export CARGO_TARGET_DIR ?= $(SHARED_TARGET)
endif

CARGO := cargo
# One profile for everything, so that DataFusion and RocksDB are compiled once.
PROFILE := --release

.PHONY: run build test lint bench compat setup

run: setup
	$(CARGO) run $(PROFILE) -- server

build: setup
	$(CARGO) build $(PROFILE)

# Unit tests beside the code, then tests/suite: differential against PostgreSQL 15, isolation,
# crash, dump, TPC-H, fuzz and tidy tests.
test: setup
	$(CARGO) test $(PROFILE)

lint: setup
	$(CARGO) fmt --check
	$(CARGO) clippy $(PROFILE) --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc $(PROFILE) --no-deps --document-private-items
	$(CARGO) test $(PROFILE) --test suite tidy

# Compares with PostgreSQL 15 in the same run and writes the table in README.
bench: build
	bench/run

# Clients from their registries, against KalamDB and PostgreSQL 15; writes the table in README.
compat: build
	compat/run

setup:
	@scripts/setup
