"""How fast the sliders of a report answer, in headless Chromium, and how large the page is.

    python benchmarks/report_sliders.py RUN [--moves N]

RUN is a judged run with report.html. Prints the size of the page in MB and the median and the longest time in
milliseconds from a move of a slider until the page is laid out again, for each slider. Needs selenium, Chromium and its
driver, as the browser tests do.
"""

import argparse
import statistics
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

MOVE = """const slider = document.getElementById(arguments[0]), times = [];
for (let i = 0; i < arguments[1]; i += 1) {
  slider.value = Number(slider.value) + (i % 2 ? -1 : 1);
  const from = performance.now();
  slider.dispatchEvent(new Event('input', { bubbles: true }));
  document.body.getBoundingClientRect();
  times.push(performance.now() - from);
}
return times"""


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--moves", type=int, default=20)
    given = parser.parse_args()
    page = (given.run / "report.html").resolve()
    print(f"page {page.stat().st_size / 1e6:.2f} MB")
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"):
        options.add_argument(flag)
    browser = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    try:
        browser.get(page.as_uri())
        for slider in browser.find_elements("css selector", "#cost-sliders input"):
            name = str(slider.get_attribute("id"))
            times = browser.execute_script(MOVE, name, given.moves)
            print(f"{name:34} median {statistics.median(times):5.0f} ms, longest {max(times):5.0f} ms")
    finally:
        browser.quit()


if __name__ == "__main__":
    main()
