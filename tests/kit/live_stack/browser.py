"""Prefect's UI in a browser. Elements are found by role and name, as people find them."""

import shutil
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import expect, sync_playwright

from live_stack.runs import WAIT_SECONDS
from live_stack.stack import AUTH

VIEWPORT = {"width": 1400, "height": 1000}
TIMEOUT_MS = WAIT_SECONDS * 1000
# Prefect's UI reads its analytics settings from there even if analytics are off, but then sends nothing
KNOWN_HOSTS = {"sr-client-cfg.amplitude.com"}


NAVIGATE = "path => { history.pushState({}, '', path); dispatchEvent(new PopStateEvent('popstate', {})) }"


class Ui:
    """A page of the UI. It refuses requests to other hosts than the server, and adds these to `foreign`."""

    def __init__(self, page, stack, output):
        self.page, self.base, self.output = page, stack.ui_url, output
        self.foreign_hosts = set()
        page.set_default_timeout(TIMEOUT_MS)
        expect.set_options(timeout=TIMEOUT_MS)
        page.route("**/*", self._route)

    def _route(self, route):
        host = urlsplit(route.request.url).hostname
        if host == "127.0.0.1":
            route.continue_()
        else:
            self.foreign_hosts.add(host)
            route.abort()

    @property
    def main(self):
        return self.page.get_by_role("main")

    def save_screenshot(self, name):
        """Save a screenshot for people to check."""
        self.page.screenshot(path=self.output / f"{name}.png")

    def open(self, path):
        """Open a page anew. From another page the UI's own router does it, without loading all scripts again."""
        url = f"{self.base}{path}"
        is_other_page = self.page.url.startswith(self.base) and not self.page.url.startswith(url)
        if is_other_page:
            self.page.evaluate(NAVIGATE, urlsplit(url).path)
        else:
            self.page.goto(url)

    def log_in(self, password):
        """Enter the password, which the UI requires first."""
        self.open("deployments")
        self.page.get_by_placeholder("admin:pass").fill(password)
        self.page.get_by_role("button", name="Login").click()
        self.page.wait_for_url("**/deployments**")

    def open_deployment(self, name):
        self.open("deployments")
        self.page.get_by_role("cell").get_by_role("link", name=name, exact=True).first.click()
        self.page.get_by_role("button", name="Run", exact=True).click()

    def open_form(self, name):
        """Open the `Custom run` form of a deployment."""
        self.open_deployment(name)
        self.page.get_by_role("menuitem", name="Custom run").click()
        self.field("lake").wait_for()

    def field(self, parameter):
        return self.page.get_by_label(f"{parameter} (Optional)")

    def items(self):
        """Return the group of the first list parameter of the form."""
        groups = self.main.get_by_role("group").filter(has=self.page.get_by_role("button", name="Add item"))
        return groups.first

    def choose(self, parameter, choice):
        self.page.get_by_role("button", name=f"Select {parameter}").click()
        self.page.get_by_role("option", name=choice).click()
        self.page.get_by_role("dialog").wait_for(state="hidden")

    def pick_day(self, parameter, day):
        """Pick a day of this month for a parameter that can also be null."""
        text = self.main.get_by_text(f"{parameter} (Optional)", exact=True)
        text.locator("xpath=following::*[@role='tab'][1]").click()
        self.page.get_by_role("button", name="Pick a date").click()
        self.page.get_by_role("gridcell", name=f" {day}th, ").get_by_role("button").click()
        self.page.keyboard.press("Escape")

    def submit(self):
        self.page.get_by_role("button", name="Submit").click()

    def view_run(self):
        """Open the run that was just started, by the link in the notification, and return its id."""
        self.page.get_by_role("link", name="View run").click()
        self.page.wait_for_url("**/runs/flow-run/**")
        return urlsplit(self.page.url).path.rpartition("/")[2]

    def wait_until_completed(self):
        """Wait until the page of a run shows Completed."""
        self.open_tab("Logs")
        expect(self.main.get_by_text("Completed", exact=True).first).to_be_visible()

    def open_tab(self, name):
        self.page.get_by_role("tab", name=name).click()
        return self.page.get_by_role("tabpanel", name=name)

    def open_artifact(self, key):
        """Open an artifact of the run whose page is open, and return its main element."""
        self.open_tab("Artifacts").get_by_role("link", name=f" {key} ").click()
        self.page.wait_for_url("**/artifacts/key/**")
        self.main.locator("a[href*='/artifacts/artifact/']").first.click()
        self.page.wait_for_url("**/artifacts/artifact/**")
        return self.main


@contextmanager
def open_ui(stack, output):
    """Open the UI in a new browser, and yield it logged in."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        try:
            ui = Ui(browser.new_page(viewport=VIEWPORT), stack, output)
            ui.log_in(AUTH)
            yield ui
        finally:
            browser.close()
