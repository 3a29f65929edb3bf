// Sorting, filtering, folding, copying and the choice of a theme. The page says all it has to say
// without this script; the controls that need it are hidden until it runs.
(() => {
  "use strict";

  const byId = (id) => document.getElementById(id);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const reveal = (...elements) => elements.forEach((element) => { if (element) element.hidden = false; });

  function say(text) {
    byId("said").textContent = text;
  }

  // Theme: the system's until somebody chooses. Pages opened from files may have no storage.
  const themes = {
    stored() {
      try { return localStorage.getItem("pgduet-theme"); } catch { return null; }
    },
    store(theme) {
      try { localStorage.setItem("pgduet-theme", theme); } catch { /* for this page only, then */ }
    },
    isDark() {
      const chosen = document.documentElement.dataset.theme;
      return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    },
    apply(theme) {
      if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
      byId("theme").textContent = themes.isDark() ? "Light theme" : "Dark theme";
    },
    setUp() {
      themes.apply(themes.stored());
      byId("theme").addEventListener("click", () => {
        const theme = themes.isDark() ? "light" : "dark";
        themes.store(theme);
        themes.apply(theme);
      });
      matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => themes.apply(null));
      reveal(byId("theme"));
    },
  };

  // The table of queries, and the details below it, which follow its filter.
  function setUpTable(table) {
    const body = table.tBodies[0];
    const rows = all("tr", body).map((row) => {
      const name = row.querySelector("th");
      const link = name.querySelector("a");
      return {
        row,
        name: (link ?? name.firstChild).textContent,
        text: name.textContent.toLowerCase(),
        verdict: row.dataset.verdict,
        details: link ? byId(link.hash.slice(1)) : null,
      };
    });
    const chips = all(".chip");
    const filter = byId("filter");
    const names = new Intl.Collator("en", { numeric: true });

    function applyFilter() {
      const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
      const verdicts = new Set(chips.filter((chip) => chip.ariaPressed === "true").map((chip) => chip.dataset.verdict));
      let count = 0;
      for (const entry of rows) {
        const shown = (verdicts.size === 0 || verdicts.has(entry.verdict)) &&
          words.every((word) => entry.text.includes(word));
        entry.row.hidden = !shown;
        if (entry.details) entry.details.hidden = !shown;
        if (shown) count += 1;
      }
      const total = rows.length.toLocaleString("en");
      byId("shown").textContent = count === rows.length ? `${total} queries` : `${count.toLocaleString("en")} of ${total} queries`;
    }

    function sortBy(heading) {
      const key = heading.dataset.sort;
      // Numbers begin with the largest: that is what one looks for.
      const first = heading.classList.contains("num") ? "descending" : "ascending";
      const second = first === "ascending" ? "descending" : "ascending";
      const order = heading.ariaSort === first ? second : first;
      const sign = order === "ascending" ? 1 : -1;
      const value = (entry) => Number(entry.row.dataset[key]);
      const compare = key === "name"
        ? (a, b) => names.compare(a.name, b.name)
        : (a, b) => value(a) - value(b);
      rows.sort((a, b) => sign * compare(a, b) || Number(a.row.dataset.order) - Number(b.row.dataset.order));
      body.append(...rows.map((entry) => entry.row));
      for (const other of all("th[data-sort]", table)) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", order);
    }

    for (const heading of all("th[data-sort]", table)) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      button.addEventListener("click", () => sortBy(heading));
      heading.append(button);
    }
    for (const chip of chips) {
      chip.addEventListener("click", () => {
        chip.ariaPressed = chip.ariaPressed === "true" ? "false" : "true";
        applyFilter();
      });
    }
    filter.addEventListener("input", applyFilter);
    filter.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      filter.value = "";
      applyFilter();
    });
    reveal(byId("controls"), byId("folding"));
    if (filter.value) applyFilter();  // kept by the browser over a reload
  }

  // Links to a query open it: #q7, or #query=shop/orders_of_customer from elsewhere.
  function openTarget() {
    const hash = location.hash.slice(1);
    let query = byId(hash);
    if (hash.startsWith("query=")) {
      let name = hash.slice("query=".length);
      try { name = decodeURIComponent(name); } catch { /* as it stands, then */ }
      query = all("details.query").find((details) => details.dataset.name === name);
    }
    if (!query?.matches("details.query")) return;
    query.hidden = false;
    query.open = true;
    query.scrollIntoView();
    query.querySelector("summary").focus({ preventScroll: true });
  }

  function setUpFolding() {
    const fold = (open) => {
      for (const details of all("details.query")) if (!details.hidden) details.open = open;
    };
    byId("unfold").addEventListener("click", () => fold(true));
    byId("fold").addEventListener("click", () => fold(false));
    addEventListener("hashchange", openTarget);
    // A link to where one is already changes no hash.
    document.addEventListener("click", (event) => {
      const link = event.target.closest('a[href^="#q"]');
      if (link && link.hash === location.hash) openTarget();
    });
    openTarget();
  }

  async function inflate(base64) {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return new Response(stream).text();
  }

  // Where the clipboard is refused (pages from files, in some browsers), the text is shown selected.
  function offer(text) {
    const area = byId("copy-text");
    area.value = text;
    byId("copy").showModal();
    area.focus();
    area.select();
  }

  async function copyPlan(button) {
    const text = await inflate(button.dataset.json);
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      offer(text);
      return;
    }
    button.dataset.label ??= button.textContent;
    button.textContent = "Copied";
    say("Copied the plan");
    setTimeout(() => { button.textContent = button.dataset.label; }, 1500);
  }

  themes.setUp();
  if (byId("table")) {
    setUpTable(byId("table"));
    setUpFolding();
  }
  if ("DecompressionStream" in window) {
    reveal(...all("button.copy"));
    document.addEventListener("click", (event) => {
      const button = event.target.closest("button.copy");
      if (button) copyPlan(button);
    });
  }

  // What is closed prints as its summary; failures are printed whole.
  addEventListener("beforeprint", () => {
    for (const details of all("details.query.bad")) details.open = true;
  });
})();
