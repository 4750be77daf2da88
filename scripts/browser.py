"""A real browser for the tests of pages: Debian's Chromium, driven by Selenium.

A test opens pages, waits on conditions, and ends by asking that nothing went wrong on the way:

    with Browser() as browser:
        browser.open("http://127.0.0.1:8080/")
        browser.wait("the list", lambda: browser.all(".row"))
        browser.check("the list")                       # no error in the console, no failed request

Everything that the browser logs and every request that it makes is kept, in frames and further tabs too.
"""

import base64
import contextlib
import json
import pathlib
import shutil
import sys
import time

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

DESKTOP = (1280, 860)
PHONE = (390, 844)


class Fault(Exception):
    """What a page does that it should not, in a sentence."""


class Browser:
    """One Chromium without a window. `pictures` is a folder; without it none are taken."""

    def __init__(self, pictures=None):
        programs = [shutil.which(name) for name in ("chromium", "chromedriver")]
        if None in programs:
            sys.exit("The pages are opened in Debian's Chromium: run scripts/packages browser")
        options = webdriver.ChromeOptions()
        options.binary_location = programs[0]
        for argument in (
            "--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--lang=en-GB",
            # Nothing goes anywhere but to the page's own server.
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
            "--disable-background-networking",
            # Chromium's own sandbox needs a user that is not root.
            "--no-sandbox",
            # Frames stay in the page's process, where the driver's logs hear them.
            "--disable-site-isolation-trials",
            "--disable-features=IsolateSandboxedIframes,IsolateOrigins,site-per-process",
        ):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        # The driver's path is given, so Selenium looks for none elsewhere.
        self.driver = webdriver.Chrome(options=options, service=Service(programs[1]))
        self.driver.set_page_load_timeout(30)
        self.driver.set_script_timeout(30)
        self.pictures = pathlib.Path(pictures) if pictures else None
        if self.pictures:
            self.pictures.mkdir(parents=True, exist_ok=True)
        self.addresses = {}
        self.requests = 0
        self.view()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.driver.quit()

    # Looking

    def view(self, size=DESKTOP, dark=False):
        """The window's size in CSS pixels, and what the system prefers. A narrow one is a phone: it has fingers."""
        width, height = size
        self.cdp(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.cdp("Emulation.setEmulatedMedia", features=[scheme])

    def cdp(self, method, **parameters):
        return self.driver.execute_cdp_cmd(method, parameters)

    def open(self, url):
        self.driver.get(url)

    def script(self, text, *arguments):
        return self.driver.execute_script(text, *arguments)

    def all(self, selector, text=None):
        """The elements that can be seen, of this selector and, where one is given, with this text. A page that is live may be drawn
        anew while it is looked at: then it is looked at again."""
        for again in range(5):
            try:
                return [
                    element for element in self.driver.find_elements(By.CSS_SELECTOR, selector)
                    if element.is_displayed() and (text is None or element.text.strip() == text)]
            except WebDriverException as fault:
                # The latter is chromedriver's other word for it.
                is_stale = isinstance(fault, StaleElementReferenceException) or "does not belong to the document" in str(fault)
                if not is_stale:
                    raise
                if again == 4:
                    raise StaleElementReferenceException(str(fault.msg)) from fault

    def texts(self, selector):
        """The texts of all such elements, at one moment."""
        return self.script(
            "return [...document.querySelectorAll(arguments[0])].map(element => element.innerText.trim())", selector)

    def text(self, selector="body"):
        """What a reader sees of the first such element; nothing where there is none."""
        return next(iter(self.texts(selector)), "")

    def wait(self, what, found, seconds=20):
        """Waits until `found` returns something, and returns it. What it looks at may be drawn anew meanwhile."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                result = found()
            except StaleElementReferenceException:
                result = None
            if result:
                return result
            if time.monotonic() > deadline:
                self.picture("fault")
                seen = "; ".join(self.faults()) or "the browser has no complaint"
                raise Fault(f"{what}: not within {seconds} s; {seen}; the page shows: {self.text()[:300]!r}")
            # How often is looked, not how long is waited.
            time.sleep(0.05)

    def click(self, selector, text=None, seconds=20):
        """Clicks the first such element, once there is one. It may be drawn anew between the look and the click."""
        def clicked():
            for element in self.all(selector, text)[:1]:
                self.script("arguments[0].scrollIntoView({ block: 'center' })", element)
                element.click()
                return True
        self.wait(f"{selector} {text or ''}".strip(), clicked, seconds)

    @contextlib.contextmanager
    def frame(self, selector):
        """What stands in a frame, once it is loaded."""
        self.driver.switch_to.frame(self.wait(f"the frame {selector}", lambda: self.all(selector))[0])
        try:
            self.wait(f"the frame {selector} is loaded", lambda: self.script(
                "return document.readyState === 'complete' && location.href !== 'about:blank'"))
            yield
        finally:
            self.driver.switch_to.default_content()

    @contextlib.contextmanager
    def tab(self, selector, text=None):
        """What a click opens in a tab of its own, which is closed again."""
        here, before = self.driver.current_window_handle, set(self.driver.window_handles)
        self.click(selector, text)
        new = self.wait(f"a tab after a click on {selector}", lambda: set(self.driver.window_handles) - before)
        self.driver.switch_to.window(new.pop())
        try:
            self.wait("the tab is loaded", lambda: self.script(
                "return document.readyState === 'complete' && location.href !== 'about:blank'"))
            yield
        finally:
            self.driver.close()
            self.driver.switch_to.window(here)

    def picture(self, name):
        """Takes a picture of the window."""
        if self.pictures:
            # By the protocol, for the driver's own picture has the size of the real window.
            shot = self.cdp("Page.captureScreenshot", format="png")
            (self.pictures / f"{name}.png").write_bytes(base64.b64decode(shot["data"]))

    # Judging

    def faults(self):
        """What went wrong since the last call: lines of the console, and requests that failed or were refused."""
        found = []
        for entry in self.driver.get_log("browser"):
            if entry["level"] in ("SEVERE", "WARNING"):
                found.append(f"console: {entry['message'].strip()[:400]}")
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            parameters = message.get("params", {})
            match message.get("method"):
                case "Network.requestWillBeSent":
                    self.requests += 1
                    self.addresses[parameters["requestId"]] = parameters["request"]["url"]
                case "Network.responseReceived" if parameters["response"]["status"] >= 400:
                    response = parameters["response"]
                    found.append(f"request: {response['url'][:200]} was answered {response['status']}")
                # What a page itself gives up, as by leaving, is no fault.
                case "Network.loadingFailed" if not parameters.get("canceled"):
                    url = self.addresses.get(parameters["requestId"], "?")
                    why = parameters.get("blockedReason") or parameters.get("errorText")
                    found.append(f"request: {url[:200]} failed: {why}")
        return found

    def check(self, what):
        """Fails where anything went wrong since the last look, or the page is wider than its window."""
        found = self.faults()
        wide = self.script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 0:
            found.append(f"the page is {wide} px wider than its window")
        if found:
            self.picture("fault")
            raise Fault(f"{what}: " + "; ".join(dict.fromkeys(found)))


def run(main):
    """Runs a test of pages: status 1 and one sentence when a page has a fault."""
    try:
        main()
    except Fault as fault:
        sys.exit(f"FAILED  {fault}")
