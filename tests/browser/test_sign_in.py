"""Signing in and out"""

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.browser.product import PASSWORD, USER

pytestmark = [pytest.mark.needs("TEST_CHROMIUM"), pytest.mark.browser_context_args(storage_state=None)]
DEEP = "/dashboard/pods?context=demo-cluster&sort=name"


def sign_in(page: Page, *, name: str = USER, password: str = PASSWORD) -> None:
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_a_link_signs_in_once(page, the_product, watch):
    watch.allow("403")
    link = the_product.link()
    page.goto(link)
    expect(page).to_have_url(f"{the_product.url}/dashboard/")
    expect(page.get_by_label("Areas", exact=True)).to_contain_text(USER)
    page.goto("about:blank")  # An open page leaves by itself when its user is signed out.
    page.context.clear_cookies()
    page.goto(link)
    expect(page.get_by_role("alert")).to_have_text("This sign-in link was used already. Each one works once.")


def test_an_unknown_link_says_so(page, watch):
    watch.allow("403")
    page.goto("/dashboard/sign-in/never-made")
    expect(page.get_by_role("alert")).to_contain_text("is not known")


def test_a_password_signs_in(page, the_product):
    page.goto("/dashboard/login")
    sign_in(page)
    expect(page).to_have_url(f"{the_product.url}/dashboard/")


def test_a_wrong_password_says_how_many_tries_are_left(page, watch):
    watch.allow("422")
    page.goto("/dashboard/login")
    sign_in(page, name="somebody-else", password="wrong")
    expect(page.get_by_role("alert")).to_have_text(
        re.compile(r"User name and password do not match\. \d+ tries are left before a pause of")
    )
    expect(page.get_by_label("User name")).to_have_value("somebody-else")


def test_who_wanted_a_page_gets_it_after_signing_in(page, the_product):
    page.goto(DEEP)
    expect(page).to_have_url(f"{the_product.url}/dashboard/login?next={quote(DEEP)}")
    sign_in(page)
    expect(page).to_have_url(the_product.url + DEEP)


def test_who_signs_out_is_out(page, the_product):
    page.goto("/dashboard/login")
    sign_in(page)
    page.get_by_label(f"{USER}: menu").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto("/dashboard/pods")
    expect(page).to_have_url(re.compile("/dashboard/login"))
