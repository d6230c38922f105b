"""Make one file of CodeMirror and what it needs; `tools/vendor.py` puts it into static/vendor.

Versions and digests are in codemirror/package-lock.json; no install script runs.
"""

import json
import shutil
import subprocess
from pathlib import Path

SOURCE = Path(__file__).parent / "codemirror"
FILES = {"codemirror/yaml-editor.min.js": "yaml-editor.min.js", "codemirror/LICENSE": "LICENSE"}
ESBUILD = (
    "node_modules/.bin/esbuild",
    "editor.js",
    "--bundle",
    "--minify",
    "--format=iife",
    "--global-name=YAMLEditor",
    "--legal-comments=none",
    "--alias:style-mod=./style-mod.js",
    "--outfile=yaml-editor.min.js",
)


def made(folder: Path) -> Path:
    """Return a folder with the file, its licences and a package.json, as a package would have them."""
    place = folder / "codemirror"
    shutil.copytree(SOURCE, place)
    for command in (("npm", "ci", "--ignore-scripts", "--silent"), ESBUILD):
        subprocess.run(command, cwd=place, check=True, stdout=subprocess.DEVNULL)
    packages = parts(place)
    (place / "LICENSE").write_text(licences(place, packages))
    about = {
        "version": ", ".join(f"{name} {version}" for name, version in packages.items()),
        "license": "MIT",
    }
    (place / "package.json").write_text(json.dumps(about))
    return place


def parts(place: Path) -> dict[str, str]:
    """Return name and version of every package that is in the file."""
    packages = json.loads((place / "package-lock.json").read_text())["packages"]
    found = {path.removeprefix("node_modules/"): each for path, each in packages.items() if path}
    others = {name for name, each in found.items() if name.endswith("esbuild") or "os" in each}
    strange = [name for name, each in found.items() if name not in others and each["license"] != "MIT"]
    if strange:
        raise SystemExit(f"Not under the MIT licence: {', '.join(strange)}")
    return {name: each["version"] for name, each in found.items() if name not in others}


def licences(place: Path, packages: dict[str, str]) -> str:
    """Return the text of each licence once, under the names of its packages."""
    texts: dict[str, list[str]] = {}
    for name in packages:
        text = (place / "node_modules" / name / "LICENSE").read_text().strip()
        texts.setdefault(text, []).append(name)
    return "\n\n".join(f"{', '.join(names)}:\n\n{text}" for text, names in texts.items()) + "\n"
