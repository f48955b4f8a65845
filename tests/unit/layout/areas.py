"""Checks that nothing of an area of the domain is forgotten: areas.py SOURCE_DIR.

docs/architecture.md, "Adding an area", lists the lines that an area has outside of its folder; those that no compiler
or contract test would miss are looked for here.
"""

import pathlib
import re
import sys

import dependencies


def missing(source):
    domain = source / "workers/domain"
    readme = (domain / "README.md").read_text()
    build = (domain / "CMakeLists.txt").read_text()
    tables = (domain / "state/tables.h").read_text() + (domain / "state/tables.cpp").read_text()
    decide = (domain / "decide.h").read_text()
    for folder in sorted(path for path in domain.iterdir() if path.is_dir()):
        name = folder.relative_to(source).as_posix()
        if name not in dependencies.REACHES:
            yield f"{name} stands on no floor: give it a line in REACHES (tests/unit/layout/dependencies.py)"
        if f"`{folder.name}/`" not in readme:
            yield f"{name} is not named in workers/domain/README.md"
    for path in sorted(domain.rglob("*.cpp")):
        if path.relative_to(domain).as_posix() not in build:
            yield f"{path.relative_to(source)} is not built: workers/domain/CMakeLists.txt"
    for path in sorted(domain.rglob("*.h")):
        text = path.read_text()
        for row in re.findall(r"struct TableName<(\w+)>", text):
            if not re.search(rf"<{row}>", tables):
                yield f"{row} is in no list of workers/domain/state/tables.h: no view would load it"
        for facts in re.findall(r"^struct (\w+Facts)\b", text, re.MULTILINE):
            if facts != "FactsOf" and not re.search(rf"\b{facts}\b", decide):
                yield f"{facts} is not among the Facts of workers/domain/decide.h: no event would reach it"


def main():
    found = list(missing(pathlib.Path(sys.argv[1]).resolve()))
    print("\n".join(found) if found else "nothing is forgotten")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
