# SPDX-License-Identifier: BSD-2-Clause
# A thin front over meson and ninja. Two commands do everything on a bare Debian 12:
#
#   make scan [TARGET=...] [ARGS=...]   installs what is missing, builds, scans (this machine by default)
#   make test                           the same set-up, then every test; last line: N passed, N failed, N skipped

BUILD   = build
TARGET  = 127.0.0.1
ARGS    =
PREFIX  = /usr/local
DESTDIR =
FUZZ_SECONDS = 60

all: $(BUILD)/build.ninja
	@test -x $(BUILD)/sonde || echo "building $(BUILD)/sonde"
	@ninja --quiet -C $(BUILD) >$(BUILD)/build.log 2>&1; code=$$?; grep -v 'no work to do' $(BUILD)/build.log; exit $$code

$(BUILD)/build.ninja:
	@tools/setup --check build || { echo "'make setup' installs them" >&2; exit 1; }
	@mkdir -p $(BUILD) && meson setup $(BUILD) >$(BUILD)/setup.log 2>&1 || { tail -n 20 $(BUILD)/setup.log >&2; exit 1; }

setup:
	@tools/setup build

setup-test:
	@tools/setup test

scan: setup
	@$(MAKE) --no-print-directory all
	@$(BUILD)/sonde $(ARGS) $(TARGET)

test: setup-test
	@tools/run-tests

fuzz: setup-test
	@tools/run-tests --only fuzz --fuzz-seconds $(FUZZ_SECONDS)

demo: setup-test
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja
	@meson configure $(BUILD) -Dtests=enabled
	@$(MAKE) --no-print-directory all
	@tests/lab/demo $(BUILD)/sonde $(BUILD)/tests/bench/responder

bench: setup-test
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja
	@meson configure $(BUILD) -Dtests=enabled
	@$(MAKE) --no-print-directory all
	@tests/bench/run $(ARGS) $(BUILD)/sonde
	@tests/bench/sweep $(BUILD)/sonde

bench-sweep: setup-test
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja
	@meson configure $(BUILD) -Dtests=enabled
	@$(MAKE) --no-print-directory all
	@tests/bench/sweep $(ARGS) $(BUILD)/sonde

install: all
	@meson configure $(BUILD) -Dprefix=$(abspath $(PREFIX))
	@ninja --quiet -C $(BUILD) >/dev/null
	@DESTDIR=$(DESTDIR) meson install -C $(BUILD) --no-rebuild --quiet

clean:
	rm -rf $(BUILD) build-*

help:
	@sed -n '2,6s/^# *//p' Makefile
	@echo "make [all] setup fuzz [FUZZ_SECONDS=60] demo bench bench-sweep install [PREFIX=/usr/local] [DESTDIR=] clean"

.PHONY: all setup setup-test scan test fuzz demo bench bench-sweep install clean help
