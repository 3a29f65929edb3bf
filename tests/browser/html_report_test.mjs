// What the HTML report does in a browser. The pages are made by html_pages, in $PGDUET_PAGES; the
// pictures that are taken of them stay there for people to look at.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { describe, it } from "node:test";
import { pathToFileURL } from "node:url";

import { requireFromTests, withBrowser } from "./browser.mjs";

const directory = resolve(process.env.PGDUET_PAGES ?? "build/dev/browser");
const axe = await readFile(requireFromTests.resolve("axe-core/axe.min.js"), "utf8");

const desktop = { width: 1280, height: 900 };
const phone = { width: 390, height: 844 };

// Opens a page, runs `use`, and fails if the page said anything to the console or asked for anything
// but itself.
async function onPage(name, use, options = {}) {
  await withBrowser(async (context) => {
    const page = context.pages()[0];
    const url = pathToFileURL(join(directory, name)).href;
    const complaints = [];
    page.on("console", (message) => complaints.push(`console: ${message.text()}`));
    page.on("pageerror", (error) => complaints.push(`error: ${error}`));
    page.on("dialog", (dialog) => {
      complaints.push(`dialog: ${dialog.message()}`);
      return dialog.dismiss();
    });
    page.on("request", (request) => {
      const requested = request.url().split("#")[0];
      if (requested !== url && !requested.startsWith("data:")) complaints.push(`request: ${requested}`);
    });
    await page.goto(url + (options.hash ?? ""));
    await use(page, context);
    assert.deepEqual(complaints, []);
  }, { viewport: desktop, bypassCSP: false, ...options });
}

const names = (page) => page.$$eval("#table tbody tr:not([hidden]) th a", (links) => links.map((link) => link.textContent));

async function assertFits(page) {
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(content <= window, `the page is ${content} wide in a window of ${window}`);
}

// axe is put in by the driver, past the page's security policy.
async function assertAccessible(page) {
  await page.evaluate(`${axe}; undefined`);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const serious = violations.filter((violation) => ["serious", "critical"].includes(violation.impact));
  assert.deepEqual(serious.map(({ id, nodes }) => ({ id, where: nodes.map((node) => `${node.target} ${node.failureSummary}`).slice(0, 3) })), []);
}

describe("a report with every verdict", () => {
  it("tells first what failed, why and what to do", () => onPage("sample.html", async (page) => {
    assert.match(await page.textContent("h1"), /^FAILED 4 of 14 queries fail/);
    const card = page.locator(".card", { hasText: "shop/orders_of_customer" });
    const box = await card.boundingBox();
    assert.ok(box.y + box.height < 1.5 * desktop.height, "the failure is below the first screens");
    assert.match(await card.textContent(), /8,334 blocks instead of 24/);
    assert.match(await card.textContent(), /007_cleanup\.sql:3/);
    assert.match(await card.textContent(), /What to do\s*Keep the index/);
  }));

  it("sorts by a click on a heading and turns round by a second one", () => onPage("sample.html", async (page) => {
    const before = await names(page);
    const heading = page.locator('th[data-sort="time_ratio"]');
    await heading.locator("button").click();
    assert.equal(await heading.getAttribute("aria-sort"), "descending");
    assert.equal((await names(page))[0], "shop/orders_of_customer");
    await page.click('th[data-sort="name"] button');
    const sorted = await names(page);
    assert.deepEqual(sorted, [...before].sort());
    await page.click('th[data-sort="name"] button');
    assert.deepEqual(await names(page), sorted.reverse());
    assert.equal(await heading.getAttribute("aria-sort"), null);
  }));

  it("is worked by the keyboard alone", () => onPage("sample.html", async (page) => {
    await page.focus('th[data-sort="blocks_ratio"] button');
    await page.keyboard.press("Enter");
    assert.equal((await names(page))[0], "shop/orders_of_customer");
    const closed = page.locator("details.query:not([open])").first();
    const id = await closed.getAttribute("id");
    await closed.locator("summary").focus();
    await page.keyboard.press("Enter");
    assert.equal(await page.locator(`#${id}`).getAttribute("open"), "");
    await page.evaluate(() => { document.activeElement.blur(); scrollTo(0, 0); });
    const reached = new Set();
    for (let i = 0; i < 40; ++i) {
      await page.keyboard.press("Tab");
      reached.add(await page.evaluate(() => document.activeElement.id || document.activeElement.className || document.activeElement.tagName));
    }
    for (const what of ["skip", "theme", "filter"]) assert.ok(reached.has(what), `Tab does not reach ${what}`);
  }));

  it("filters by text and by verdict, in the table and in the details", () => onPage("sample.html", async (page) => {
    const total = (await names(page)).length;
    await page.fill("#filter", "order_t");
    assert.deepEqual(await names(page), ["shop/order_totals"]);
    assert.equal(await page.textContent("#shown"), `1 of ${total} queries`);
    assert.equal(await page.locator("details.query:visible").count(), 1);
    await page.press("#filter", "Escape");
    assert.equal((await names(page)).length, total);
    const chip = page.locator('.chip[data-verdict="passed"]');
    await chip.click();
    assert.equal(await chip.getAttribute("aria-pressed"), "true");
    assert.equal((await names(page)).length, Number(await chip.locator("b").textContent()));
    await page.click('.chip[data-verdict="new"]');
    assert.equal((await names(page)).length, 5);
  }));

  it("opens the query that the address names", async () => {
    await onPage("sample.html", async (page) => {
      const query = page.locator('details[data-name="shop/open_orders"]');
      assert.equal(await query.getAttribute("open"), "");
      assert.ok((await query.boundingBox()).y < desktop.height);
    }, { hash: "#query=shop/open_orders" });
    await onPage("sample.html", async (page) => {
      await page.click('#table a:text-is("shop/open_orders")');
      assert.equal(await page.locator('details[data-name="shop/open_orders"]').getAttribute("open"), "");
    });
  });

  it("copies both plans as EXPLAIN would print them", () => onPage("sample.html", async (page, context) => {
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    const query = page.locator('details[data-name="shop/orders_of_customer"]');
    const types = [];
    for (const side of ["base", "head"]) {
      const button = query.locator(`button.copy:has-text("${side}")`);
      await button.click();
      await query.locator('button.copy:has-text("Copied")').waitFor();
      const explain = JSON.parse(await page.evaluate(() => navigator.clipboard.readText()));
      assert.equal(explain.length, 1);
      types.push(explain[0].Plan.Plans[0]["Node Type"]);
      await page.waitForFunction(() => !document.body.textContent.includes("Copied "), null, { timeout: 100 }).catch(() => {});
      await button.waitFor();
    }
    assert.deepEqual(types, ["Index Scan", "Sort"]);
  }));

  it("takes back that it copied, however often it did", () => onPage("sample.html", async (page) => {
    await page.evaluate(() => { navigator.clipboard.writeText = () => Promise.resolve(); });
    const button = await page.locator("button.copy:visible").first().elementHandle();
    const label = await button.textContent();
    for (let click = 0; click < 2; ++click) {
      await button.click();
      await page.waitForFunction((one) => one.textContent === "Copied", button);
    }
    await page.waitForTimeout(1600);
    assert.equal(await button.textContent(), label);
  }));

  it("offers a text to copy where the clipboard is refused", () => onPage("sample.html", async (page) => {
    await page.evaluate(() => { navigator.clipboard.writeText = () => Promise.reject(new Error("refused")); });
    await page.locator("button.copy:visible").first().click();
    await page.locator("#copy[open]").waitFor();
    assert.equal(JSON.parse(await page.inputValue("#copy-text")).length, 1);
    const selected = await page.$eval("#copy-text", (area) => area.selectionEnd - area.selectionStart);
    assert.ok(selected > 100);
    await page.keyboard.press("Escape");
  }));

  it("follows the system's theme until one is chosen", async () => {
    const ground = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await onPage("sample.html", async (page) => {
      const dark = await ground(page);
      await page.click("#theme");
      const light = await ground(page);
      assert.notEqual(dark, light);
      assert.equal(light, "rgb(255, 255, 255)");
      await page.reload();
      assert.equal(await ground(page), light);
    }, { colorScheme: "dark" });
  });

  it("shows everything without its script", () => onPage("sample.html", async (page) => {
    assert.equal(await page.locator("#table tbody tr").count(), 14);
    const query = page.locator('details[data-name="shop/open_orders"]');
    assert.equal(await query.getAttribute("open"), null);
    await query.locator("summary").click();
    assert.ok(await query.locator(".body").isVisible());
    assert.equal(await page.locator("button:visible").count(), 0);
  }, { javaScriptEnabled: false }));

  it("prints failures whole and hides its controls", () => onPage("sample.html", async (page) => {
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
    assert.equal(await page.locator("details.query.bad:not([open])").count(), 0);
    assert.equal(await page.locator("button:visible, input:visible").count(), await page.locator("thead button").count());
    assert.ok((await page.pdf({ format: "A4" })).length > 10_000);
  }));

  for (const colorScheme of ["light", "dark"]) {
    for (const [device, viewport] of Object.entries({ desktop, phone })) {
      it(`is accessible and fits a ${device} in ${colorScheme}`, () => onPage("sample.html", async (page) => {
        await page.screenshot({ path: join(directory, `${device}-${colorScheme}.png`) });
        await page.click("#unfold");
        await assertFits(page);
        await page.screenshot({ path: join(directory, `${device}-${colorScheme}-all.png`), fullPage: true });
        await assertAccessible(page);
      }, { viewport, colorScheme }));
    }
  }
});

describe("a report of hostile text", () => {
  for (const viewport of [desktop, phone]) {
    it(`runs nothing and keeps its layout at ${viewport.width} pixels`, () => onPage("hostile.html", async (page) => {
      await page.click("#unfold");
      await assertFits(page);
      assert.equal(await page.evaluate(() => window.pwned), undefined);
      assert.equal(await page.locator("img, svg[onload]").count(), 0);
      assert.equal(await page.locator("script").count(), 1);
      assert.match(await page.textContent("h1"), /<script>window\.pwned = 1<\/script>/);
      await page.screenshot({ path: join(directory, `hostile-${viewport.width}.png`) });
    }, { viewport }));
  }
});

for (const name of ["history", "overview"]) {
  describe(`the ${name}`, () => {
    for (const colorScheme of ["light", "dark"]) {
      for (const [device, viewport] of Object.entries({ desktop, phone })) {
        it(`is accessible and fits: ${colorScheme}, ${device}`, () => onPage(`${name}.html`, async (page) => {
          await assertFits(page);
          await assertAccessible(page);
          await page.screenshot({ path: join(directory, `${name}-${device}-${colorScheme}.png`), fullPage: true });
        }, { viewport, colorScheme }));
      }
    }

    it("takes hostile text as text", () => onPage(`${name}_hostile.html`, async (page) => {
      await assertFits(page);
      assert.equal(await page.evaluate(() => window.pwned), undefined);
      assert.equal(await page.locator("img, svg[onload], script").count(), 0);
      assert.match(await page.textContent("body"), /<script>window\.pwned = 1<\/script>/);
    }, { viewport: phone }));
  });
}

describe("the chart of a history", () => {
  it("has its dots where the runs are, and leads from marks to sentences", () => onPage("history.html", async (page) => {
    const plot = await page.locator(".time .plot").boundingBox();
    const dots = await page.$$eval(".time .dot", (paths) => paths.map((path) => path.getBoundingClientRect().x));
    assert.equal(dots.length, 19);
    assert.ok(Math.abs(dots[0] - (plot.x + plot.width / 40)) < 8, "the first dot is not in the middle of the first run");
    const badge = page.locator(".time a.badge", { hasText: "4" });
    const box = await badge.boundingBox();
    assert.ok(Math.abs(box.x + box.width / 2 - (plot.x + plot.width * 11.5 / 20)) < 2, "the mark is not at its run");
    await badge.click();
    assert.match(await page.textContent(":target"), /18× slower/);
  }));

  it("tells of a run where the pointer is near its dot", () => onPage("history.html", async (page) => {
    const title = await page.evaluate(([x, y]) => document.elementFromPoint(x, y)?.closest("g")?.querySelector("title")?.textContent,
      await page.$eval(".time .dot.bad", (path) => { const box = path.getBoundingClientRect(); return [box.x + box.width / 2 + 9, box.y + box.height / 2]; }));
    assert.match(title, /run 12, 2026-01-12 10:15\ncommit 3f2a91c0d0/);
  }));
});

describe("a report of 500 queries", () => {
  it("opens, filters and folds", () => onPage("many.html", async (page) => {
    assert.equal((await names(page)).length, 500);
    await page.fill("#filter", "query_49");
    assert.deepEqual((await names(page)).sort(), ["large/query_49", ...Array.from({ length: 10 }, (_, i) => `large/query_49${i}`)]);
    await page.fill("#filter", "");
    await page.click("#unfold");
    assert.equal(await page.locator("details.query:not([open])").count(), 0);
  }));
});
