// A Chromium that opens pages from files and may not reach anything else.
import { createRequire } from "node:module";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

// The packages are those of tests/node, wherever the script that asks for them stands.
export const requireFromTests = createRequire(new URL("../node/package.json", import.meta.url));
const { chromium } = requireFromTests("playwright-core");

const programs = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

// Runs `use(context)` with a fresh profile, which is removed afterwards. `options` are Playwright's.
export async function withBrowser(use, options = {}) {
  const executablePath = process.env.PGDUET_CHROMIUM ?? programs.find(existsSync);
  if (!executablePath) throw new Error("no Chromium found; PGDUET_CHROMIUM can name one");
  const profile = await mkdtemp(join(tmpdir(), "pgduet-chromium-"));
  try {
    const context = await chromium.launchPersistentContext(profile, {
      executablePath,
      headless: true,
      args: [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
      ],
      ...options,
    });
    try {
      return await use(context);
    } finally {
      await context.close();
    }
  } finally {
    await rm(profile, { recursive: true, force: true });
  }
}
