#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""sbom.py VERSION ROOT BUILD: prints a software bill of materials (CycloneDX 1.5) of what lies under ROOT as it
is shipped, and was built in BUILD. Nothing is listed by hand: the linker's notes in the program say what it loads,
the compiler's notes in BUILD whose headers it was made from, and dpkg whose these are."""
import datetime
import hashlib
import json
import os
import platform
import re
import subprocess
import sys
import uuid
from pathlib import Path
from urllib.parse import quote

NAME = "outbox-relay"


def asked(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def needed(binary):
    """The names of the libraries that this one asks for itself."""
    return re.findall(r"\(NEEDED\).*\[(.*)\]", asked("readelf", "--dynamic", "--wide", binary))


def loaded(program):
    """Every library that is in the process: name, file."""
    lines = re.findall(r"^\s*(\S+)(?: => (\S+))? \(0x", asked("ldd", program), re.M)
    return {Path(name).name: Path(file or name) for name, file in lines if file or name.startswith("/")}


def headers(build):
    """The files outside the source that were compiled into the program."""
    inputs = asked("ninja", "-C", build, "-t", "inputs", NAME).split()
    notes = asked("ninja", "-C", build, "-t", "deps", *[name for name in inputs if name.endswith(".o")])
    return {os.path.realpath(file) for file in re.findall(r"^    (/usr/(?:include|lib)/.*)", notes, re.M)}


def owners(files):
    """The package of each file."""
    spellings = {}
    for file in map(str, files):  # where /lib is /usr/lib, dpkg may know it by either name
        bare = file.removeprefix("/usr") if file.startswith("/usr/lib") else file
        spellings |= dict.fromkeys([file, bare, "/usr" + bare], file)
    # Two of the three belong to nobody, which is an error to dpkg.
    told = subprocess.run(["dpkg-query", "--search", *spellings], capture_output=True, text=True).stdout
    found = {spellings[file]: package.split(",")[0] for package, file in re.findall(r"^(\S+): (.*)", told, re.M)}
    if missing := sorted({*map(str, files)} - {*found}):
        sys.exit(f"sbom.py: no package has {missing}")
    return found


def licences(package):
    """As the package itself calls them, where it does so for machines."""
    text = Path("/usr/share/doc", package, "copyright").read_text(errors="replace")
    if not text.startswith("Format: http"):
        return []
    lines = re.findall(r"^License:(.*)", text, re.M)
    names = {name.strip() for line in lines for name in re.split(r" and | or |,", line)}
    return [{"license": {"name": name}} for name in sorted(names) if name]


def sha256(file):
    return [{"alg": "SHA-256", "content": hashlib.sha256(file.read_bytes()).hexdigest()}]


def listed(files, name=str):
    return [{"type": "file", "bom-ref": f"file:{name(file)}", "name": name(file), "hashes": sha256(file)}
            for file in sorted(files)]


def component(package, files, linkage):
    fields = "${Version} ${Package} ${source:Package} ${Architecture}"
    version, name, source, architecture = asked("dpkg-query", "-W", "-f", fields, package).split()
    system = platform.freedesktop_os_release()
    purl = (f"pkg:deb/{system['ID']}/{quote(name)}@{quote(version)}?arch={architecture}"
            f"&distro={system['ID']}-{system.get('VERSION_ID', 'unknown')}&upstream={quote(source)}")
    made = {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl,
            "licenses": licences(name), "components": listed(files),
            "properties": [{"name": f"{NAME}:linkage", "value": linkage}]}
    return {key: value for key, value in made.items() if value}


def main():
    version, root, build = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    program = root / "usr/bin" / NAME
    libraries = loaded(program)
    owner = owners(libraries.values())
    packages = {}
    for file in libraries.values():
        packages.setdefault(owner[str(file)], []).append(file)
    dynamic = {package: component(package, files, "dynamic") for package, files in packages.items()}
    compiled = [component(package, [], "headers") for package in set(owners(headers(build)).values())]

    def asks(files):
        return {dynamic[owner[str(libraries[name])]]["bom-ref"] for file in files for name in needed(file)}

    purl = f"pkg:generic/{NAME}@{quote(version)}"
    depends = {one["bom-ref"]: asks(packages[package]) - {one["bom-ref"]} for package, one in dynamic.items()}
    depends[purl] = asks([program]) | {one["bom-ref"] for one in compiled}
    shipped = [file for file in root.rglob("*") if file.is_file() and "DEBIAN" not in file.parts]
    made_at = datetime.datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", 0)), datetime.timezone.utc)
    told = {
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "metadata": {
            "timestamp": made_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {
                "type": "application", "bom-ref": purl, "name": NAME, "version": version, "purl": purl,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
                "components": listed(shipped, lambda file: "/" + str(file.relative_to(root)))}},
        "components": sorted([*dynamic.values(), *compiled], key=lambda one: one["bom-ref"]),
        "dependencies": [{"ref": ref, "dependsOn": sorted(others)} for ref, others in sorted(depends.items())]}
    # Of the same things always the same, so that the package can be built again to the bit.
    told["serialNumber"] = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(told, sort_keys=True)).urn
    json.dump(told, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
