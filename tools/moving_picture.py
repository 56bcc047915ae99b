"""Record the stage while notebook 02 runs, as the README's moving picture.

python -m tools.moving_picture

It needs Chromium, as the browser tests do, and takes a minute. The run is a real one; pauses are shortened.
"""

import io
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.browser.conftest import PATIENCE, Notebook, started
from tools.bootstrap import chromium

PICTURE = Path(__file__).resolve().parents[1] / "notebooks" / "images" / "stage.webp"
MOST = 1_000_000  # bytes
STEPS = (
    "created = sender",
    "message = sender.messages",
    "incoming = wait_for",
    "decided = form.decide()",
    "for each in (incoming,",
    "completed = wait_for_status",
)
AFTER = {  # the cells that must run before the next step, unrecorded
    "incoming = wait_for": ("form = DecisionForm",),
    "decided = form.decide()": ("another = Request", "from enmeshed_nb import accept_all"),
}
SECONDS, LAST = 2.6, 3000  # of each step, and milliseconds of the last picture
HEIGHT = 420


def record(notebook: Notebook) -> list[tuple[bytes, int]]:
    """Run the steps and return pictures of the stage, each with how many milliseconds it is shown."""
    page = notebook.page
    box = page.locator(".jupyterlab-sidecar .enb-stage").bounding_box()
    assert box
    clip: Any = {**box, "height": HEIGHT}
    frames: list[tuple[bytes, int]] = []
    for step in STEPS:
        cell = notebook.code_cell(step)
        cell.locator(".cm-content").click()
        page.keyboard.press("Control+Enter")
        begun = now = time.monotonic()
        while now - begun < SECONDS:
            shot = page.screenshot(clip=clip)
            before, now = now, time.monotonic()
            shown = round((now - before) * 1000)
            if frames and frames[-1][0] == shot:
                frames[-1] = (shot, frames[-1][1] + shown)
            else:
                frames.append((shot, shown))
        for other in AFTER.get(step, ()):
            notebook.run(other)
    return [*frames[:-1], (frames[-1][0], LAST)]


def main() -> int:
    """Record and store it; return the exit code."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        lab = started(Path(folder))
        try:
            browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
            page = browser.new_page(viewport={"width": 1680, "height": 900})
            page.set_default_timeout(PATIENCE)
            notebook = Notebook(page, lab, "02-requests-via-messages.ipynb")
            notebook.run_through("Stage(journal)")
            for cell in ("composer = RequestComposer", "request = composer.request"):
                notebook.run(cell)
            frames = record(notebook)
            browser.close()
        finally:
            lab.close()
    first, *others = (Image.open(io.BytesIO(shot)).convert("RGB") for shot, _ in frames)
    times = [shown for _, shown in frames]
    first.save(PICTURE, save_all=True, append_images=others, duration=times, loop=0, quality=70, method=6)
    size = PICTURE.stat().st_size
    print(f"{PICTURE.name}: {len(frames)} pictures, {size:,} bytes")
    return 0 if size < MOST else 1


if __name__ == "__main__":
    sys.exit(main())
