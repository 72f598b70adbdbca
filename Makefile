# La Ruche. `make` alone says what there is.
# Needs make, git and Python 3.11 or newer; everything else goes into .venv.

.DEFAULT_GOAL := help
.PHONY: help run test check test-full bench faults teeth fmt messages installed tools
PY := .venv/bin/python

help:  ## Dire ce qu’il y a
	@echo "La Ruche : make <cible>"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 14

run: installed  ## Ouvrir la ville de démonstration sur http://localhost:8000
	@RUCHE_DEMO=1 exec $(PY) manage.py serve

test: tools  ## Tout vérifier : check, tests sur SQLite, sur PostgreSQL et Redis, navigateur
	@exec $(PY) bin/test.py

test-full: tools  ## Comme test, mais tout sur les deux bases (long)
	@exec $(PY) bin/test.py --full

check: tools  ## Style, types, contrats d’import, migrations, gabarits, traductions
	@exec $(PY) bin/test.py --only check

faults: tools  ## Pannes : kill -9 sous 50 écrivains, 500 entrées au même instant (long)
	@exec $(PY) bin/test.py --only faults --full

bench: tools  ## Mesures (long)
	@exec $(PY) bin/test.py --only bench --full

teeth: tools  ## Ôter chaque vérification : un test le voit-il ? (long ; SAMPLE=20, ONLY=join, RESUME=1)
	@$(PY) bin/teeth.py $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(ONLY),--only "$(ONLY)") $(if $(RESUME),--resume)

fmt: tools  ## Mettre le code en forme
	@$(PY) -m ruff check --quiet --fix . ; $(PY) -m ruff format .

messages: tools  ## Ramasser les phrases à traduire et compiler les catalogues
	@exec $(PY) bin/messages.py

installed:
	@"$$(sh bin/find-python)" bin/environment.py requirements.txt

tools:
	@"$$(sh bin/find-python)" bin/environment.py requirements-dev.txt
