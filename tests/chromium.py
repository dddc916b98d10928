"""Finds the browser that the tests drive; run as a program it installs one, and a Chinese font, if missing.

python tests/chromium.py
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
APPLICATIONS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    # Nothing but the loopback has an address.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


class NoBrowser(RuntimeError):
    """There is no Chromium on this machine."""


def find_chromium() -> str:
    """The program file of a Chromium: CHROMIUM, the system's, or Playwright's. Raises NoBrowser."""
    for candidate in (os.environ.get("CHROMIUM"), *map(shutil.which, NAMES), *APPLICATIONS):
        if candidate and Path(candidate).exists():
            return candidate
    if Path(own := _playwrights_own()).exists():
        return own
    raise NoBrowser("No Chromium found. Run `make browser`, or set CHROMIUM to its program file.")


def chromium_arguments() -> list[str]:
    """Command-line arguments for tests. Chromium's sandbox refuses root; containers have a small /dev/shm."""
    rooted = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    return [*QUIET, "--disable-dev-shm-usage", *rooted]


def _playwrights_own() -> str:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def _has_chinese_font() -> bool:
    listing = (
        subprocess.run(["fc-list", ":lang=zh"], capture_output=True, text=True, check=False)
        if shutil.which("fc-list")
        else None
    )
    return bool(listing and listing.stdout.strip())


def _can_apt() -> bool:
    return shutil.which("apt-get") is not None and os.geteuid() == 0


def _apt_install(*packages: str) -> bool:
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-q"],
        ["apt-get", "install", "-q", "-y", "--no-install-recommends", *packages],
    ):
        if subprocess.run(command, env=quiet, check=False).returncode != 0:
            return False
    return True


def install() -> int:
    """Make sure of a browser and a Chinese font; returns 0, or 1 after saying what is missing."""
    try:
        browser = find_chromium()
    except NoBrowser:
        if not (_can_apt() and _apt_install("chromium")):
            subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
        try:
            browser = find_chromium()
        except NoBrowser:
            print("No Chromium could be installed. Install the package chromium and run this again.")
            return 1
    print(f"Browser: {browser}")
    if not _has_chinese_font() and _can_apt():
        _apt_install("fontconfig", "fonts-noto-cjk")
    if not _has_chinese_font():
        print("No Chinese font was found: screenshots and PDFs would show boxes. Install fonts-noto-cjk.")
    return 0


if __name__ == "__main__":
    sys.exit(install())
