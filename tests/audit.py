"""`python -m tests.audit`: asks PyPI for known vulnerabilities of what requirements-embedded.lock pins, with pip-audit.

Exit status 1 if there is one. What can't be looked up is said in a line and is no failure: a machine without the
network can still check everything else. (https://github.com/pypa/pip-audit)
"""

import json
import subprocess
import sys

from tests.servers import ROOT

WITHIN = 120


def main() -> None:
    """Ask, and say what was found."""
    lock = str(ROOT / "requirements-embedded.lock")
    command = ["-m", "pip_audit", "--require-hashes", "--disable-pip", "-r", lock, "-f", "json"]
    try:
        asked = subprocess.run(
            [sys.executable, *command, "--progress-spinner", "off"], capture_output=True, check=False, timeout=WITHIN
        )
        found = json.loads(asked.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        print("audit: PyPI could not be asked for known vulnerabilities")
        return
    unknown = sum("skip_reason" in each for each in found)
    vulnerable = [(each, fault) for each in found for fault in each.get("vulns", ())]
    for each, fault in vulnerable:
        fixed = ", ".join(fault["fix_versions"]) or "none yet"
        print(f"audit: {each['name']} {each['version']} has {fault['id']}; fixed in: {fixed}")
    print(f"audit: {len(found)} packages, {len(vulnerable)} vulnerabilities, {unknown} could not be looked up")
    sys.exit(1 if vulnerable else 0)


if __name__ == "__main__":
    main()
