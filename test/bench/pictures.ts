import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Browser, chromium, type Page } from 'playwright-core';

/**
 * Searches as a person sees them, on the Space that runs at an address: the answer, why its first case is similar, and its first three cases
 * beside each other, on a desk and on a phone.
 * `node --import tsx test/bench/pictures.ts --url http://127.0.0.1:7860 --out DIR [--dark]`
 */
const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:7860' },
    out: { type: 'string' },
    dark: { type: 'boolean', default: false },
  },
});
const CHROMIUM = '/usr/bin/chromium';
const WIDTHS = [1280, 390];
const COMPARED = 3;
const CASES: Readonly<Record<string, string>> = {
  ecg: `A 34-year-old man fainted while sprinting for a bus. His father died suddenly at 41. He takes no medication. Examination was normal.
The ECG showed sinus rhythm, a coved ST elevation of 3 mm in V1 and V2 followed by negative T waves, and a QTc of 410 ms. Echocardiography was normal.
Troponin was not raised and potassium was 4.2 mmol/L.`,
  labs: `A 58-year-old woman had muscle cramps, tingling of the fingers and two generalised seizures over three months. She denied fever.
Calcium was 1.5 mmol/L, phosphate 2.1 mmol/L, magnesium 0.8 mmol/L and parathyroid hormone below 5 pg/mL. The ECG showed a QTc of 510 ms.
CT of the head showed calcification of both basal ganglia.`,
  child: `A 4-year-old girl had fever for six days, red eyes without discharge, cracked lips, a rash on the trunk and swollen hands. There was no cough.
C-reactive protein was 148 mg/L, platelets 640 x10^9/L, albumin 28 g/L. Echocardiography showed dilatation of the left coronary artery.`,
};

if (values.out === undefined) throw new Error('say where to write: --out DIR');
const out = resolve(values.out);
mkdirSync(out, { recursive: true });
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
for (const width of WIDTHS)
  for (const [name, text] of Object.entries(CASES)) await pictured(browser, name, text, width);
await browser.close();

async function pictured(on: Browser, name: string, text: string, width: number): Promise<void> {
  const context = await on.newContext({
    viewport: { width, height: 900 },
    colorScheme: values.dark ? 'dark' : 'light',
  });
  const page = await context.newPage();
  const keep = async (shown: Page, what: string): Promise<void> => {
    const path = join(out, `${name}-${what}-${width}.png`);
    await shown.screenshot({ path, fullPage: true });
    console.log(path);
  };
  await page.goto(values.url);
  await page.getByLabel('Describe the case').fill(text);
  await page.keyboard.press('Control+Enter');
  const first = page.locator('article.result').first();
  await first.waitFor();
  await keep(page, 'answer');
  const why = first.locator('details.why');
  if (!(await why.evaluate((details) => details.hasAttribute('open')))) await why.locator('summary').first().click();
  const path = join(out, `${name}-explanation-${width}.png`);
  await first.screenshot({ path });
  console.log(path);
  for (let at = 0; at < COMPARED; at += 1) await page.getByLabel('Compare').nth(at).check();
  const opened = context.waitForEvent('page');
  await page.getByRole('link', { name: 'Compare', exact: true }).click();
  const compared = await opened;
  await compared.getByRole('heading', { level: 1, name: 'beside each other' }).waitFor();
  await keep(compared, 'compare');
  await context.close();
}
