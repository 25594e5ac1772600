# SPDX-License-Identifier: GPL-2.0-or-later
#
# For those whose fingers type make. The work is done by ./dev; the book is told from here, a
# chapter each, as the README of the first lguest promised: make Preparation!

CHAPTERS = Preparation Guest Drivers Launcher Host Switcher Mastery Processor
WORDS = run test build bench prove conformance lint format setup clean help

all: build

$(WORDS):
	@./dev $@

$(CHAPTERS:=!):
	@tools/journey $(@:!=)

# All chapters, and a beer for who reads them.
Beer!:
	@tools/journey Beer

.PHONY: all $(WORDS) $(CHAPTERS:=!) Beer!
