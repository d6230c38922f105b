"""Fetch the assets of the pages again: exact versions, no install scripts, integrity in the manifest.

Run it as `python tools/vendor.py` after changing PACKAGES or icons.txt; needs `npm`.
"""

import base64
import hashlib
import json
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path

import bundle

TOOLS = Path(__file__).parent
STATIC = TOOLS.parent / "static"
VENDOR = STATIC / "vendor"
ICONS = ("@tabler/icons", "3.51.0")
PACKAGES = {  # name, version -> file below static/vendor: file in the package
    ("htmx.org", "2.0.11"): {"htmx/htmx.min.js": "dist/htmx.min.js", "htmx/LICENSE": "LICENSE"},
    ("idiomorph", "0.8.0"): {
        "idiomorph/idiomorph-ext.min.js": "dist/idiomorph-ext.min.js",
        "idiomorph/LICENSE": "LICENSE",
    },
    ("@xterm/xterm", "6.0.0"): {
        "xterm/xterm.js": "lib/xterm.js",
        "xterm/xterm.css": "css/xterm.css",
        "xterm/LICENSE": "LICENSE",
    },
    ("@xterm/addon-fit", "0.11.0"): {
        "xterm/addon-fit.js": "lib/addon-fit.js",
        "xterm/addon-fit.LICENSE": "LICENSE",
    },
    ("cytoscape", "3.34.4"): {
        "cytoscape/cytoscape.min.js": "dist/cytoscape.min.js",
        "cytoscape/LICENSE": "LICENSE",
    },
    ("@dagrejs/dagre", "3.1.3"): {
        "dagre/dagre.min.js": "dist/dagre.min.js",
        "dagre/LICENSE": "LICENSE",
    },
    ICONS: {"tabler-icons/LICENSE": "LICENSE"},
}
FRAME = '<path stroke="none" d="M0 0h24v24H0z" fill="none"/>'  # invisible, and in every icon
# The storage of static files looks for the maps that these lines name, and we ship none.
SOURCE_MAP = re.compile(rb"\n?//[#@] sourceMappingURL=.*\s*$")


def main() -> None:
    """Write static/vendor, its manifest, and the sprite of icons."""
    manifest = {}
    with tempfile.TemporaryDirectory() as folder:
        for (name, version), files in PACKAGES.items():
            package = unpacked(name, version=version, folder=Path(folder))
            manifest[name] = copied(package, files=files)
            if (name, version) == ICONS:
                (STATIC / "img" / "icons.svg").write_text(sprite(package))
        manifest["codemirror"] = copied(bundle.made(Path(folder)), files=bundle.FILES)
    (VENDOR / "MANIFEST.json").write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n")


def unpacked(name: str, *, version: str, folder: Path) -> Path:
    """Return the folder of a package."""
    command = ["npm", "pack", f"{name}@{version}", "--ignore-scripts", "--silent"]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    archive = next(folder.glob("*.tgz"))
    target = folder / archive.stem
    with tarfile.open(archive) as tar:
        tar.extractall(target, filter="data")
    archive.unlink()
    return target / "package"


def copied(package: Path, *, files: dict[str, str]) -> dict[str, object]:
    """Copy the files of a package; return its entry in the manifest."""
    about = json.loads((package / "package.json").read_text())
    digests = {}
    for target, source in files.items():
        content = SOURCE_MAP.sub(b"\n", (package / source).read_bytes())
        (VENDOR / target).parent.mkdir(parents=True, exist_ok=True)
        (VENDOR / target).write_bytes(content)
        digests[target] = "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode()
    return {"version": about["version"], "licence": about["license"], "files": digests}


def sprite(package: Path) -> str:
    """Return the icons that icons.txt names, and our own status glyphs, as one file of symbols."""
    names = (TOOLS / "icons.txt").read_text().split()
    symbols = [
        symbol(name, source=(package / "icons" / "outline" / f"{name}.svg").read_text()) for name in names
    ]
    glyphs = (TOOLS / "glyphs.svg").read_text()
    origin = f"Icons: {ICONS[0]} {ICONS[1]}, MIT; see ../vendor/tabler-icons/LICENSE. Glyphs s-*: our own."
    lines = [
        '<svg xmlns="http://www.w3.org/2000/svg">',
        f"<!-- {origin} -->",
        *symbols,
        f"{glyphs}</svg>",
        "",
    ]
    return "\n".join(lines)


def symbol(name: str, *, source: str) -> str:
    body = re.search(r"<svg[^>]*>(.*)</svg>", source, re.DOTALL)
    if body is None:
        raise SystemExit(f"{name} is not an SVG file")
    shapes = " ".join(body[1].split()).replace(" />", "/>").replace("> <", "><").replace(FRAME, "")
    return f'<symbol id="i-{name}" viewBox="0 0 24 24">{shapes}</symbol>'


if __name__ == "__main__":
    main()
