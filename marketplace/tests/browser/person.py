"""What a person does with a page, in a person's words."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException, TimeoutException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

PATIENCE = 30  # seconds until what is awaited counts as missing; a busy machine is not a failure
T = TypeVar("T")


class Person:
    """Opens pages, fills in forms by the names of their fields, clicks on what is written, and takes pictures."""

    def __init__(self, driver: Any, site: str, pictures: Path) -> None:
        self.driver = driver
        self.site = site
        self.pictures = pictures

    def opens(self, path: str) -> None:
        """Go to a page."""
        self.driver.get(f"{self.site}{path}")

    @property
    def where(self) -> str:
        """The path of the page."""
        return str(self.driver.current_url).removeprefix(self.site)

    def sees(self, text: str) -> bool:
        """Wait until the words are on the page; fails when they do not come."""
        return bool(self.waits(lambda: text in self.driver.find_element(By.TAG_NAME, "body").text))

    def misses(self, text: str) -> bool:
        """Wait until the words are on the page no more."""
        return self.waits(lambda: text not in self.driver.find_element(By.TAG_NAME, "body").text)

    def finds(self, selector: str) -> WebElement:
        """The visible element, as soon as it is there."""
        element: WebElement = self.waits(lambda: next(self._shown(By.CSS_SELECTOR, selector)))
        return element

    def types(self, name: str, text: str) -> None:
        """Write into the field of that name what stands there from now on."""
        field = self.finds(f"[name='{name}']")
        field.clear()
        field.send_keys(text)

    def chooses(self, name: str, text: str) -> None:
        """Pick an option by what it says."""
        Select(self.driver.find_element(By.NAME, name)).select_by_visible_text(text)

    def looks_up(self, name: str, text: str) -> None:
        """Pick from a field with autocomplete: open it, type, take the first that fits."""
        arrow = f"//*[@name='{name}']/following-sibling::span[contains(@class, 'select2')]"
        self.driver.find_element(By.XPATH, arrow).click()
        search = self.finds(".select2-container--open .select2-search__field")
        search.send_keys(text)
        option = self.waits(
            lambda: next(
                e
                for e in self.driver.find_elements(By.CSS_SELECTOR, ".select2-results__option")
                if text.lower() in e.text.lower()
            )
        )
        option.click()

    def uploads(self, name: str, file: Path) -> None:
        """Put a file into a file field."""
        self.driver.find_element(By.NAME, name).send_keys(str(file))

    def clicks(self, selector: str) -> None:
        """Click on what the selector finds first."""
        element = self.finds(selector)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def clicks_on(self, words: str, *, icon: str = "") -> None:
        """Click on the link or button that says so, after the name of its icon if it has one."""
        said = f"{icon} {words}".strip()
        wanted = f"//*[self::a or self::button][normalize-space(.)='{said}']"
        self.waits(lambda: next(self._shown(By.XPATH, wanted))).click()

    def adds_a_row(self, rows: str) -> None:
        """Ask for another line of an inline list, unless an empty one is there."""
        if not any(self._shown(By.CSS_SELECTOR, f"[name^='{rows}-0-']")):
            self.clicks(f"#{rows}-group .add-row a, #{rows}-group a.add-row")

    def saves_and_goes_on(self) -> None:
        """Save, and stay on the page."""
        self.clicks("[name='_continue']")

    def waits_for_pictures(self) -> None:
        """Until each picture of the page has come; a broken one never does."""
        self.waits(
            lambda: self.driver.execute_script("return [...document.images].every(i => i.naturalWidth > 0) || null")
        )

    def presses_enter(self, name: str) -> None:
        """Send the form from one of its fields."""
        self.finds(f"[name='{name}']").send_keys(Keys.ENTER)

    def takes_a_picture(self, name: str, around: str = "body") -> None:
        """The page as it looks now, as `<name>.png`, scrolled to what is to be in the middle."""
        if around != "body":
            scroll = "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})"
            self.driver.execute_script(scroll, self.driver.find_element(By.CSS_SELECTOR, around))
        self.pictures.mkdir(parents=True, exist_ok=True)
        self.driver.save_screenshot(str(self.pictures / f"{name}.png"))

    def refusals(self) -> list[str]:
        """What the browser did not let the pages do since it was asked last: policies that a page ran into."""
        said = self.driver.get_log("browser")
        return [each["message"] for each in said if each["source"] == "security" or "Policy" in each["message"]]

    def _shown(self, by: str, what: str) -> Iterator[WebElement]:
        return (element for element in self.driver.find_elements(by, what) if element.is_displayed())

    def waits(self, ready: Callable[[], T]) -> T:
        """What `ready` gives as soon as it gives something."""

        def there(_driver: Any) -> T | bool:
            try:
                return ready()
            except (StopIteration, NoSuchElementException, StaleElementReferenceException):
                return False

        try:
            found: T = WebDriverWait(self.driver, PATIENCE).until(there)  # type: ignore[assignment]  # never False
        except TimeoutException as error:
            self.takes_a_picture("what-was-there-instead")
            raise AssertionError(f"it did not come on {self.where}; see {self.pictures}") from error
        return found
