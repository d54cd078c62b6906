"""What people try who may not: a page and its form, sent as their own browser would send it."""

from tests.journeys.people import Person

FORBIDDEN, REFUSED = 403, 409
A_FORM = "f" * 20


def are_refused(path: str, *those: Person) -> None:
    """Hold a page and its form against people who may not, whatever their own pages offer."""
    for one in those:
        may_not_open(path, one)
        may_not_send(path, one)


def may_not_open(path: str, *those: Person) -> None:
    """Hold a page against people who may not see it."""
    for one in those:
        status = one.page.context.request.get(_address(one, path)).status
        assert status == FORBIDDEN, f"{path}, seen from {one.page.url}: {status}"


def may_not_send(path: str, *those: Person) -> None:
    """Hold a form against people who may not send it."""
    for one in those:
        status, _ = send(one, path)
        assert status == FORBIDDEN, f"{path}, sent from {one.page.url}: {status}"


def send(one: Person, path: str, **typed: str) -> tuple[int, str]:
    """Post a form in somebody's name; gives the status and the page of the answer."""
    token = one.page.locator("input[name=csrf_token]").first.input_value()
    form: dict[str, str | float | bool] = {"csrf_token": token, "form_key": A_FORM, **typed}
    answer = one.page.context.request.post(_address(one, path), form=form, max_redirects=0)
    return answer.status, answer.text()


def _address(one: Person, path: str) -> str:
    return path if path.startswith("http") else one.site.url + path
