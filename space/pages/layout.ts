import { html } from 'hono/html';

/** Escaped markup; whatever is put into an `html` template as a string is escaped. */
export type Html = ReturnType<typeof html>;

export const DISCLAIMER = 'Research and education support, not a diagnosis.';
export const PURPOSE = 'Finds published clinical cases like yours and says why they are alike.';

export type PageParts = {
  readonly title: string;
  /** Which entry of the navigation is this page; null for none. */
  readonly current: 'search' | 'status' | null;
  /** Module under `/assets/` that the page runs; null for a page that needs no script. */
  readonly script: string | null;
  /** Further style sheets under `/assets/`, after `base.css` and `parts.css`. */
  readonly styles: readonly string[];
  readonly main: Html;
};

/** One page: the same header, navigation and footer everywhere, and no script or style inside the document. */
export function layout({ title, current, script, styles, main }: PageParts): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="description" content="${PURPOSE}">
<title>${title}</title>
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
${['base.css', 'parts.css', ...styles].map((name) => html`<link rel="stylesheet" href="/assets/${name}">`)}
${script === null ? '' : html`<script type="module" src="/assets/${script}"></script>`}
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="site-header">
  <div class="site-header-inner">
    <a class="brand" href="/"><img src="/assets/icon.svg" alt="" width="28" height="28"><span>Anamnesis</span></a>
    <p class="purpose">${PURPOSE}</p>
    <nav aria-label="Main">
      ${navLink('/', 'Search', current === 'search')}
      ${navLink('/status', 'Status', current === 'status')}
    </nav>
  </div>
</header>
<main id="main" tabindex="-1">${main}</main>
<footer class="site-footer">
  <p><strong>${DISCLAIMER}</strong> Similar is not the same: read the source, and decide with a clinician.</p>
  <p>What you paste is compared in memory: it is never stored, logged or put into an address. Leave out names and dates all the same.</p>
  <p><a href="/openapi.json">API description</a></p>
</footer>
</body>
</html>`;
}

function navLink(href: string, label: string, isCurrent: boolean): Html {
  return isCurrent ? html`<a href="${href}" aria-current="page">${label}</a>` : html`<a href="${href}">${label}</a>`;
}
