"""The HTML report in a real Chromium: what it lets run and ask for, keyboard, filters, paper, light and dark, size.

Chromium is Debian's (``apt-get install chromium``); Playwright drives it, and axe-core judges what a screen reader
meets. In CI a missing browser is a failure, elsewhere these tests are skipped.
"""

from __future__ import annotations

import http.server
import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import made_reports as made
import pytest

import edi_check
from edi_check.generating import generate
from edi_check.telling.render import render

AS_OF = "2026-10-30"
BATCH = b"".join(generate(60, seed=7, faults=0.4))
CANARY = "window.canary = () => { window.ran = true }; window.refused = [];" \
    "document.addEventListener('securitypolicyviolation', (e) => window.refused.push(e.violatedDirective))"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not program:
        reason = "no chromium on the PATH: apt-get install chromium"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        chromium = playwright.chromium.launch(executable_path=program, args=arguments)
        yield chromium
        chromium.close()


Opened = Callable[..., Any]


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Opened]:
    """Open a report's text as a file. ``page.asked`` are the requests but for the file itself, ``page.said`` what the
    console says."""
    contexts = []

    def opens(text: str, **options: Any) -> Any:
        path = tmp_path / f"report{len(contexts)}.html"
        path.write_text(text, "utf-8")
        context = browser.new_context(**{"viewport": {"width": 1200, "height": 900}, **options})
        contexts.append(context)
        context.add_init_script(CANARY)
        page = context.new_page()
        page.asked, page.said = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.goto(path.as_uri())
        page.asked.remove(path.as_uri())
        return page

    yield opens
    for context in contexts:
        context.close()


def report_of(*sources: object, **options: Any) -> Any:
    return edi_check.check(list(sources), as_of=AS_OF, **options)


def text_of(report: Any) -> str:
    text = render(report, "html")
    assert text is not None
    return text


def shown(page: Any) -> int:
    """Claims that the live region says are shown; what is visible must be the same."""
    told = page.locator("#shown").inner_text()
    count = int(told.split()[0].replace(",", "")) if told[0].isdigit() else 0
    seen = page.evaluate("[...document.querySelectorAll('.claims > li')].filter(e => e.checkVisibility()).length")
    assert count == seen, told
    return count


def wait_until(page: Any, true: str) -> None:
    """Playwright's own waiting evaluates text in the page, which the page's policy refuses."""
    until = time.monotonic() + 30
    while not page.evaluate(true):
        assert time.monotonic() < until, f"still not so after 30 s: {true}"
        page.wait_for_timeout(20)


def clear(page: Any) -> None:
    page.get_by_role("button", name="Clear").click()
    wait_until(page, "document.getElementById('shown').textContent.startsWith('60 claims shown')")
    assert shown(page) == 60


def unfold_all(page: Any) -> None:
    page.get_by_role("button", name="Unfold all").click()
    wait_until(
        page, "[...document.querySelectorAll('.claims > li')].every(e => e.querySelector('details[open] .unfolded'))")


# What may run, and what is asked for


HOSTILE = "</noscript></title></style></script><script>canary()</script><img src=//x.example/i onerror=canary()>" \
    "<svg onload=canary()>\"onfocus=canary() autofocus x='{{7}}&lt;<iframe srcdoc=<script>canary()</script>>"


def hostile_files() -> Iterator[tuple[bytes, str]]:
    """One claim, again and again, each time with another element hostile; and the name of that element."""
    sent = b"".join(generate(1, seed=2)).decode("latin-1")
    segments = [s.strip("\r\n") for s in sent.split("~") if s.strip("\r\n")]
    for n, segment in enumerate(segments):
        elements = segment.split("*")
        for position in range(len(elements)):
            changed = elements.copy()
            if elements[0] == "ISA":
                if position not in (6, 8):
                    continue
                changed[position] = "<img src=/i>".ljust(15)
            else:
                changed[position] = HOSTILE
            whole = "~".join([*segments[:n], "*".join(changed), *segments[n + 1:], ""])
            yield whole.encode("latin-1"), f"{elements[0]}{position:02d}"


def test_hostile_values_in_every_element_run_nothing_and_ask_for_nothing(opened: Opened) -> None:
    report = report_of(*(data for data, _ in hostile_files()), show_values=True)
    for file, (_, name) in zip(report.files, hostile_files(), strict=True):
        file.path = name + HOSTILE
    page = opened(text_of(report))
    assert len(report.files) > 80
    assert page.locator("#shown").inner_text().startswith(f"{sum(f.counts.claims for f in report.files)} claims")
    unfold_all(page)
    for _ in range(3):
        page.mouse.wheel(0, 20_000)
    page.get_by_label("Search").fill("canary()")
    page.keyboard.press("Enter")
    assert shown(page) > 40, "the hostile values are there, as text"
    assert page.evaluate("[window.ran, window.refused]") == [None, []]
    assert page.asked == [] and page.said == []
    assert page.locator("img, iframe, svg:not(.chart svg), .claims script").count() == 0


def test_hostile_values_of_every_view_run_nothing(opened: Opened) -> None:
    page = opened(text_of(made.report(made.hostile(), made.bad(), show_values=True)))
    unfold_all(page)
    assert page.evaluate("[window.ran, window.refused]") == [None, []] and page.asked == [] and page.said == []


def test_without_javascript_hostile_values_are_text_too(opened: Opened) -> None:
    report = report_of(*(data for data, _ in list(hostile_files())[::4]), show_values=True)
    page = opened(text_of(report), java_script_enabled=False)
    assert page.locator(".claims > li > noscript > details").count() > 20
    assert page.locator("img, iframe, svg:not(.chart svg)").count() == 0 and page.asked == []


PROBE = """<script>canary()</script><img src="/probe.png" onerror="canary()"><link rel="stylesheet" href="/probe.css">
<iframe src="/probe.html"></iframe><a id="js" href="javascript:canary()">x</a><object data="/probe.swf"></object>
<p id="styled" style="color: rgb(1, 2, 3)">x</p><video src="/probe.mp4"></video>
<form action="/probe"><button id="send">x</button></form>
<base href="//x.example/"><script src="/probe.js"></script><style>#styled { color: rgb(4, 5, 6) }</style>"""


def test_the_policy_refuses_everything_but_the_page_s_own(opened: Opened, browser: Any, tmp_path: Path) -> None:
    """Even if markup got into the page: nothing runs and nothing is asked for, seen from the server."""
    text = text_of(report_of(BATCH)).replace("<main>", "<main>" + PROBE)
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = text.encode() if self.path == "/report.html" else b"canary()"
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        context = browser.new_context()
        context.add_init_script(CANARY)
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/report.html")
        page.locator("#js").click()
        page.evaluate("document.getElementById('send').click()")
        page.evaluate("fetch('/probe.json').catch(() => 0)")
        page.wait_for_timeout(300)
        assert page.evaluate("window.ran") is None
        color = page.evaluate("getComputedStyle(document.getElementById('styled')).color")
        assert color not in ("rgb(1, 2, 3)", "rgb(4, 5, 6)")
        assert {"script-src-elem", "img-src", "style-src-attr", "form-action", "base-uri", "connect-src"} <= set(
            page.evaluate("window.refused"))
        assert page.locator("#shown").inner_text().startswith("60 claims"), "the page's own script runs"
        context.close()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert asked == ["/report.html"]


# Finding, filtering, unfolding


def test_filters_show_what_the_report_says(opened: Opened) -> None:
    report = report_of(BATCH)
    file = report.files[0]
    claims = list(file.claims())
    page = opened(text_of(report))
    assert shown(page) == 60
    for verdict, label in (("rejected", "Rejected"), ("review", "To review"), ("accepted", "Accepted")):
        count = sum(c.disposition == verdict for c in claims)
        if count:
            page.get_by_role("radio", name=label).check(force=True)
            assert shown(page) == count
    clear(page)
    for edit in {f.edit for c in claims for f in c.findings}:
        page.locator("#edit").select_option(label=next(
            o for o in page.locator("#edit option").all_inner_texts() if o.startswith(edit + " ")))
        assert shown(page) == sum(any(f.edit == edit for f in c.findings) for c in claims), edit
    clear(page)
    names = page.locator("#provider option").all_inner_texts()[1:]
    assert len(names) > 1
    total = 0
    for name in names:
        page.locator("#provider").select_option(label=name)
        total += shown(page)
        assert f"({shown(page)})" in name
    assert total == 60
    page.get_by_role("radio", name="Rejected").check(force=True)
    told = page.locator("#shown").inner_text()
    assert re.fullmatch(r"\d+ claims? of 60 shown, \$[\d,]+\.\d\d", told), told


def test_search_finds_claims_folded_or_not(opened: Opened) -> None:
    report = report_of(BATCH)
    page = opened(text_of(report))
    field = page.get_by_label("Search")
    claim = next(c for c in report.files[0].claims() if c.disposition == "rejected")
    field.press_sequentially(claim.number.lower())
    wait_until(page, "document.getElementById('shown').textContent.startsWith('1 claim of 60')")
    assert shown(page) == 1
    count = sum(any("97140" in sv1 for sv1, _, _ in c.ak[9]) for c in report.files[0].claims())
    field.fill("97140")
    field.press("Enter")
    assert count <= shown(page) < 60
    field.fill("nothing like this")
    field.press("Enter")
    assert shown(page) == 0
    assert page.locator("#shown").inner_text() == "No claim fits. Clear the filters, or search for less."
    assert page.locator("#shown").get_attribute("role") == "status"
    field.fill("")
    field.press("Enter")
    unfold_all(page)
    field.fill("97140")
    field.press("Enter")
    assert count <= shown(page) < 60


def test_a_bar_of_the_chart_filters(opened: Opened) -> None:
    page = opened(text_of(report_of(BATCH)))
    bar = page.locator("#by-provider ~ table tbody tr").first
    count = int(bar.locator(".count").first.inner_text().split()[0])
    bar.get_by_role("link").click()
    assert shown(page) == count
    assert page.locator("#provider option:checked").inner_text().startswith(
        bar.get_by_role("link").inner_text())


def test_everything_by_keyboard(opened: Opened) -> None:
    page = opened(text_of(report_of(BATCH)))
    press = page.keyboard.press
    focus = "document.activeElement"
    press("Tab")
    assert page.evaluate(f"{focus}.className") == "skip" and page.locator(".skip").bounding_box()["x"] >= 0
    press("Enter")
    assert page.evaluate(f"{focus}.id") == "claims"
    press("Tab")
    assert page.evaluate(f"{focus}.localName") == "summary"
    outline = page.evaluate(f"getComputedStyle({focus}).outlineStyle + ' ' + getComputedStyle({focus}).outlineWidth")
    assert outline == "solid 3px"
    press("Enter")
    first = page.locator(".claims > li").first
    first.locator(".unfolded").wait_for()
    assert first.locator(".segments li[class]").count() and first.locator(".segments .note").first.is_visible()
    press("Tab")
    assert page.evaluate(f"{focus}.className") == "print-one"
    press("Shift+Tab")
    press("Space")
    assert not first.locator(".unfolded").is_visible()
    page.get_by_label("Search").focus()
    press("Tab")
    press("ArrowRight")
    assert page.locator("input[name=verdict]:checked").get_attribute("value") == "rejected"
    press("Tab")
    assert page.evaluate(f"{focus}.id") == "edit"
    press("ArrowDown")
    assert 0 < shown(page) < 60


def test_a_related_claim_is_a_link_that_shows_it_whatever_is_filtered(opened: Opened) -> None:
    report = report_of(b"".join(generate(40, seed=5, faults=["duplicate-claim"], share=0.2)))
    related = next(f for f in report.files[0].findings if f.related and f.related[0].claim != f.claim)
    page = opened(text_of(report))
    target = f"c1-{related.related[0].claim}"
    page.get_by_label("Search").fill(related.edit)
    page.keyboard.press("Enter")
    row = page.locator(f"#c1-{related.claim}")
    if not row.locator("details[open]").count():
        row.locator("summary").click()
    row.get_by_role("link").first.click()
    assert page.locator(f"#{target} .unfolded").is_visible()
    assert page.evaluate("document.activeElement.closest('li').id") == target


def test_few_faulty_claims_are_unfolded_from_the_start(opened: Opened) -> None:
    report = report_of(b"".join(generate(12, seed=7, faults=0.3)))
    faulty = report.files[0].counts.rejected + report.files[0].counts.review
    page = opened(text_of(report))
    assert 0 < faulty <= 5 and page.locator("details[open] .message").first.is_visible()
    assert page.locator("details[open]").count() == faulty


def test_without_javascript_it_can_be_read(opened: Opened) -> None:
    page = opened(text_of(report_of(BATCH)), java_script_enabled=False)
    assert not page.locator("#filters").is_visible()
    assert page.evaluate("document.querySelector('#filters + noscript > p').checkVisibility()")
    claim = page.locator(".rejected .claims > li").first
    assert not claim.locator(".unfolded").is_visible()
    claim.locator("summary").click()
    assert claim.locator(".segments li[class]").count() and claim.locator(".message").first.is_visible()
    assert not claim.locator(".print-one").is_visible()


# Who reads it, and on what


def faults_of(page: Any) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    return [f"{v['id']}: {v['help']}: {v['nodes'][0]['html'][:200]}" for v in Axe().run(page).response["violations"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 390])
def test_accessible_in_light_and_dark(opened: Opened, scheme: str, width: int) -> None:
    report = report_of(BATCH, Path("fixtures/demo/therapy.837").read_bytes(), b"not a claim file")
    for file, name in zip(report.files, ("a.837", "b.837", "c.txt"), strict=True):
        file.path = name
    page = opened(text_of(report), color_scheme=scheme, viewport={"width": width, "height": 900})
    for n in range(3):
        page.locator(".rejected summary").nth(n).click()
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", background))) < 150) is (scheme == "dark")
    assert faults_of(page) == []


@pytest.mark.parametrize("script", [True, False])
def test_a_phone_never_scrolls_sideways(opened: Opened, script: bool) -> None:
    file = made.hostile()
    file.path = "A" * 300
    reports = [report_of(BATCH), made.report(file), made.report(made.bad(), made.good(), made.unreadable()),
               report_of(BATCH.replace(b"CLM*", b"CLM*" + b"X" * 120), show_values=True)]
    for report in reports:
        page = opened(text_of(report), viewport={"width": 390, "height": 800}, java_script_enabled=script)
        if script:
            unfold_all(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


# On paper


PAPER = """() => {
  const shown = (s) => [...document.querySelectorAll(s)].filter((e) => e.checkVisibility()).length;
  const colors = new Set();
  for (const e of document.querySelectorAll('body, .claims > li, .segments > li, .finding, td, mark, .note, summary')) {
    const style = getComputedStyle(e);
    colors.add(style.color).add(style.backgroundColor);
  }
  return { letter: shown('.letter'), form: shown('form'), claims: shown('.claims > li'),
    open: shown('.claims > li .segments'), overview: shown('.overview'), buttons: shown('button'),
    colors: [...colors] };
}"""
BLACK_AND_WHITE = {"rgb(0, 0, 0)", "rgb(255, 255, 255)", "rgba(0, 0, 0, 0)"}


def pages_in(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def test_one_provider_s_claims_are_a_letter(opened: Opened) -> None:
    page = opened(text_of(report_of(BATCH)), color_scheme="dark")
    page.locator("#provider").select_option(index=1)
    page.get_by_role("radio", name="Rejected").check(force=True)
    count = shown(page)
    assert count > 1
    page.emulate_media(media="print", color_scheme="dark")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    paper = page.evaluate(PAPER)
    assert (paper["letter"], paper["form"], paper["overview"], paper["buttons"]) == (1, 0, 0, 0)
    assert paper["claims"] == count and paper["open"] >= count
    assert set(paper["colors"]) <= BLACK_AND_WHITE
    letter = page.locator(".letter").inner_text()
    assert page.locator("#provider option:checked").text_content().rsplit(" (", 1)[0] in letter
    assert f"{count} claims" in letter and f"{count} rejected" in letter and AS_OF in letter
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details[open]").count() == 0
    pdf = page.pdf(format="Letter")
    assert pdf.startswith(b"%PDF-") and count / 4 < pages_in(pdf) <= 2 * count + 1


def test_one_claim_is_printed_alone(opened: Opened) -> None:
    page = opened(text_of(report_of(BATCH)))
    page.evaluate("window.print = () => { window.printed = true }")
    row = page.locator(".rejected .claims > li").nth(1)
    row.locator("summary").click()
    row.get_by_role("button", name="Print this claim").click()
    assert page.evaluate("window.printed") is True
    page.emulate_media(media="print")
    paper = page.evaluate(PAPER)
    assert (paper["letter"], paper["claims"], paper["overview"]) == (1, 1, 0)
    assert "1 claim, " in page.locator("#letter-about").inner_text()
    assert pages_in(page.pdf(format="Letter")) <= 3
    page.emulate_media(media="screen")
    assert shown(page) == 60


def test_what_is_told_above_the_claims_goes_with_those_that_are_shown(opened: Opened) -> None:
    """On the screen as on paper: with one provider's claims what is wrong with that provider."""
    data = re.sub(rb"(~NM1\*85\*[^~]*~N3[^~]*~N4\*[^*]*\*OR)\*", rb"\1E*", b"".join(generate(80, seed=3)), count=2)
    page = opened(text_of(report_of(data, levels={"CORE-EXT-01": "off"})), reduced_motion="reduce")
    faults = page.locator(".above .finding:visible")
    assert faults.count() == 2
    page.locator("#provider").select_option(index=1)
    assert faults.count() == 1
    page.locator("#provider").select_option(index=0)
    row = page.locator(".rejected .claims > li").last
    row.locator("summary").click()
    link = row.get_by_role("link", name="told above")
    link.click()
    target = page.locator(".above .finding:target")
    below = page.locator("#filters").bounding_box()
    assert target.bounding_box()["y"] >= below["y"] + below["height"], "not under what stays in view"
    page.evaluate("window.print = () => {}")
    row.get_by_role("button", name="Print this claim").click()
    page.emulate_media(media="print")
    assert faults.count() == 1 and faults.get_attribute("id") == link.get_attribute("href")[1:]
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert faults.count() == 2
    page.locator("#find").fill("which is too long: 3 characters")
    hit = page.locator(".claims > li[data-a]:not([hidden])").count()
    page.locator("#find").press("Enter")
    assert shown(page) == hit > 2, "a claim is also found by what is told above of it"
    page.locator("#find").fill("nothing has this")
    page.locator(".above").wait_for(state="hidden")


@pytest.mark.parametrize("script", [True, False])
def test_the_whole_report_on_paper_is_unfolded(opened: Opened, script: bool) -> None:
    page = opened(text_of(report_of(BATCH)), java_script_enabled=script)
    page.emulate_media(media="print")
    if script:
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
    paper = page.evaluate(PAPER)
    assert (paper["letter"], paper["form"], paper["overview"], paper["claims"]) == (0, 0, 1, 60)
    faulty = page.locator(".rejected .segments, .review .segments")
    assert faulty.count() and all(one.bounding_box()["height"] > 20 for one in faulty.all())


# Many


MEASURE = """async () => {
  const form = document.getElementById('filters'), took = {};
  const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const measure = async (name, act) => {
    const start = performance.now();
    act();
    await frame();
    took[name] = performance.now() - start;
  };
  const set = (id, value) => {
    const control = document.getElementById(id);
    control.value = value;
    control.dispatchEvent(new Event('input', { bubbles: true }));
  };
  await measure('edit', () => set('edit', document.querySelector('#edit optgroup option').value));
  await measure('all again', () => set('edit', ''));
  await measure('provider', () => set('provider', '3'));
  await measure('every provider', () => set('provider', ''));
  document.getElementById('find').value = '97140 gp';
  await measure('search', () => form.requestSubmit());
  document.getElementById('find').value = '';
  await measure('cleared', () => form.requestSubmit());
  return took;
}"""


def test_many_findings_can_be_filtered_and_scrolled(opened: Opened) -> None:
    report = report_of(b"".join(generate(1500, seed=7, faults=1.0)))
    text = text_of(report)
    assert sum(report.files[0].counts.findings.values()) > 1500
    page = opened(text)
    assert page.locator("#shown").inner_text().startswith("1,500 claims shown")
    took = page.evaluate(MEASURE)
    assert set(took) == {"edit", "all again", "provider", "every provider", "search", "cleared"}
    page.keyboard.press("End")
    wait_until(page, "document.querySelector('.part:last-of-type .claims:last-of-type > li:last-child details')")
    wait_until(page, "document.querySelectorAll('.claims > li > noscript').length === 0")  # the rest when there is time
    rejected = report.files[0].counts.rejected
    page.get_by_role("radio", name="Rejected").check(force=True)
    assert page.locator("#shown").inner_text().startswith(f"{rejected:,} claims of 1,500 shown")


@pytest.mark.long
@pytest.mark.parametrize(("faults", "most"), [(0.1, 10e6), (1.0, 40e6)])
def test_ten_thousand_claims_open_in_two_seconds(opened: Opened, faults: float, most: float, capsys: Any) -> None:
    """Figures of issue 6: written in under 5 s (of this process, whatever else the machine does), below 10 MB with a
    tenth of the claims faulty, open in under 2 s (the best of three)."""
    report = report_of(b"".join(generate(10_000, seed=7, faults=faults)), max_findings=10_000)
    started = time.process_time()
    text = text_of(report)
    written = time.process_time() - started
    loaded = 1e9
    for _ in range(3):
        page = opened(text)
        page.locator("#shown").inner_text()
        loaded = min(loaded, page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd") / 1000)
    took = page.evaluate(MEASURE)
    with capsys.disabled():
        told = ", ".join(f"{name} {ms:.0f} ms" for name, ms in took.items())
        print(f"\n{sum(report.files[0].counts.findings.values())} findings: written in {written:.2f} s, "
              f"{len(text.encode()) / 1e6:.1f} MB, open in {loaded:.2f} s; {told}")
    assert written < 5 * max(1.0, most / 10e6) and len(text.encode()) < most
    assert loaded < 2
    assert max(took.values()) < 1000
