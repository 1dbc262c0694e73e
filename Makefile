# The two commands are `make demo` and `make test`; `make` alone lists all.
# ARGS are handed on: make demo ARGS=--fast, make test ARGS='-k worker'.

BIN := .venv/bin
ARGS ?=
CLIPS ?= out/clips
UNTRAINED ?= out/untrained

.DEFAULT_GOAL := help
.PHONY: help setup demo test check lint format bench bench-llm bench-sound eval eval-safety eval-starter train-setup smoke bars clean distclean

help:
	@echo 'make demo        the robot answers spoken questions, in English and Korean'
	@echo 'make test        lint, types, tests'
	@echo 'make setup       only the environment: system packages, .venv (the others run it first)'
	@echo 'make lint        lint and types    make format    format the code'
	@echo 'make bench       measure how fast it answers    make eval    how well it listens (30 min)'
	@echo 'make bench-llm   the part of it on thinking: 30 min, 5 GB of untrained models'
	@echo 'make bench-sound the robot listens while it speaks: an hour on a virtual sound card'
	@echo 'make bars        every bar the project promises to meet, and whether it does'
	@echo 'make smoke       the scripts that train the starter models, in three minutes (installs PyTorch)'
	@echo 'make clean       remove caches     make distclean    and the environment'
	@echo 'ARGS are handed on, as in: make demo ARGS=--fast    make test ARGS="-k worker"'

setup:
	@sh scripts/setup.sh

demo: setup
	@$(BIN)/robot-voice demo $(ARGS)

test check: setup
	@scripts/check $(ARGS)

lint: setup
	@scripts/check --lint

format: setup
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: setup
	@$(BIN)/python -m scripts.bench.latency $(ARGS)
	@$(BIN)/python -m scripts.bench.startup
	@$(BIN)/python -m scripts.bench.cancel
	@$(MAKE) --no-print-directory bench-llm

# How it thinks: untrained models of true shape (made in UNTRAINED, 4.8 GB), and the starter.
bench-llm: setup
	@$(BIN)/python -m scripts.bench.llm_speed --folder $(UNTRAINED)
	@$(BIN)/python -m scripts.bench.llm_reuse --folder $(UNTRAINED)
	@$(BIN)/python -m scripts.bench.llm_abort --folder $(UNTRAINED)
	@$(BIN)/python -m scripts.bench.actions
	@$(BIN)/python -m scripts.bench.memory --save
	@$(BIN)/python -m scripts.bench.long_talk --save
	@$(BIN)/python -m scripts.bench.remote_faults
	@$(BIN)/python -m scripts.bench.report

# An hour of real streams on a virtual sound card (PulseAudio); best as root, for SCHED_RR.
bench-sound: setup
	@$(BIN)/python -m scripts.bench.barge_in
	@$(BIN)/python -m scripts.bench.self_interruption
	@$(BIN)/python -m scripts.bench.truth
	@$(BIN)/python -m scripts.bench.device_faults
	@$(BIN)/python -m scripts.bench.underruns
	@$(BIN)/python -m scripts.bench.report

eval: setup
	@$(BIN)/python -m scripts.bench.idle $(ARGS)
	@$(BIN)/python -m scripts.bench.idle --minutes 3 --noise -55
	@$(BIN)/python -m scripts.bench.hub
	@$(BIN)/python -m scripts.bench.encoder
	@$(BIN)/python -m scripts.bench.endpointing
	@$(BIN)/python -m scripts.bench.detectors
	@$(BIN)/python -m scripts.bench.stillness
	@$(MAKE) --no-print-directory eval-safety
	@$(MAKE) --no-print-directory eval-starter
	@$(BIN)/python -m scripts.bench.report

# The filter, on open data where there is some (see scripts/safety/corpora.py), and beside its peers.
eval-safety:
	@ROBOT_VOICE_EXTRAS=dev,safety,peers sh scripts/setup.sh
	@$(BIN)/python -m scripts.bench.safety
	@$(BIN)/python -m scripts.bench.safety --folds 5
	@$(BIN)/python -m scripts.bench.safety_peers
	@$(BIN)/python -m scripts.bench.faults

# On sentences and voices that the starter was not trained on: 600 clips, made by espeak-ng.
eval-starter: train-setup
	@$(BIN)/python -m scripts.starter.asr.synthesise $(CLIPS) --test --clips 600
	@$(BIN)/python -m scripts.bench.languages $(CLIPS)
	@$(BIN)/python -m scripts.bench.window $(CLIPS) --every 2
	@$(BIN)/python -m scripts.bench.phantom $(CLIPS) --minutes 30 --every 4

# PyTorch and what else training needs, beside the rest.
train-setup:
	@ROBOT_VOICE_EXTRAS=dev,train sh scripts/setup.sh

smoke: train-setup
	@$(BIN)/python -m scripts.starter.asr.smoke --seconds 120
	@$(BIN)/python -m scripts.starter.llm.smoke --seconds 60

bars: setup
	@$(BIN)/python -m scripts.bars $(ARGS)

clean:
	@rm -rf build dist out .mypy_cache .ruff_cache .pytest_cache
	@find robot_voice tests scripts -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean
	@rm -rf .venv
