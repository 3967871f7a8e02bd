import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

type Import = { readonly target: string; readonly typeOnly: boolean };
type Source = { readonly path: string; readonly code: string; readonly imports: readonly Import[] };

/** What a file imports, dynamic imports of literals included. Type-only imports are gone when the code runs. */
function importsOf(text: string): readonly Import[] {
  const statements = /\b(?:import|export)\b(?<type>\s+type\b)?[^'"`;()=]*?\bfrom\s*['"](?<target>[^'"]+)['"]/g;
  const bare = /\bimport\s*\(?\s*['"](?<target>[^'"]+)['"]/g;
  return [statements, bare].flatMap((pattern) =>
    [...text.matchAll(pattern)].map(({ groups }) => ({
      target: groups?.target ?? '',
      typeOnly: groups?.type !== undefined,
    })),
  );
}

/** Code without comments and without the contents of quoted strings, for looking up words that must not stand in it. */
const bareCode = (text: string): string =>
  text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '')
    .replace(/\s\/\/ .*$/gm, '')
    .replace(/'(?:[^'\\\n]|\\.)*'/g, "''");

function readSource(path: string): Source {
  const text = readFileSync(join(root, path), 'utf8');
  return { path, code: bareCode(text), imports: importsOf(text) };
}

const sources = ['schema', 'core', 'functions', 'space']
  .flatMap((folder) => readdirSync(join(root, folder), { recursive: true }).map((path) => `${folder}/${path}`))
  .filter((path) => /\.(?:ts|mjs)$/.test(path))
  .sort()
  .map(readSource);
const sourceOf = new Map(sources.map((source) => [source.path, source]));
const inside = (...folders: string[]) =>
  sources.filter(({ path }) => folders.some((folder) => path === folder || path.startsWith(`${folder}/`)));

const isRelative = (target: string): boolean => target.startsWith('.');
const resolved = (from: string, target: string): string => normalize(join(dirname(from), target));
const folderOf = (path: string): string => path.split('/')[0] ?? '';

/** Every file and package that is loaded when `entry` is, by way of imports that are not of types alone. */
function loadedBy(entry: string): { readonly files: ReadonlySet<string>; readonly packages: ReadonlySet<string> } {
  const files = new Set<string>();
  const packages = new Set<string>();
  const visit = (path: string) => {
    if (files.has(path)) return;
    files.add(path);
    for (const { target, typeOnly } of sourceOf.get(path)?.imports ?? []) {
      if (typeOnly) continue;
      if (isRelative(target)) visit(resolved(path, target));
      else packages.add(target);
    }
  };
  visit(entry);
  return { files, packages };
}

describe('what these tests read', () => {
  test('every form of import is seen, and types are told from values', () => {
    const text = [
      `import { a, type B } from './a.ts';`,
      `import type {\n  C,\n} from './c.ts';`,
      `import * as d from 'd';`,
      `import './e.ts';`,
      `export * from './f.ts';`,
      `export type { G } from './g.ts';`,
      `const h = await import('./h.ts');`,
    ].join('\n');
    const seen = importsOf(text).map(({ target, typeOnly }) => `${target}${typeOnly ? ' (type)' : ''}`);
    expect(seen.sort()).toEqual(['./a.ts', './c.ts (type)', './e.ts', './f.ts', './g.ts (type)', './h.ts', 'd'].sort());
  });

  test('comments and strings are no code', () => {
    const code = bareCode(`/** Deno. */\n// process.exit\nconst a = 'Buffer.from'; // Date.now()\nDate.now();`);
    expect(code.trim()).toBe(`const a = '';\nDate.now();`);
  });

  test('all four folders are looked at', () => {
    for (const folder of ['schema', 'core', 'functions', 'space']) expect(inside(folder).length).toBeGreaterThan(2);
  });
});

describe('the direction of imports', () => {
  const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
    schema: ['schema'],
    core: ['core', 'schema'],
    functions: ['functions', 'core', 'schema'],
    space: ['space', 'core', 'schema'],
  };

  test('schema <- core <- functions | space, and those two never meet', () => {
    const wrong = sources.flatMap(({ path, imports }) =>
      imports
        .filter(({ target }) => isRelative(target))
        .filter(({ target }) => !MAY_IMPORT[folderOf(path)]?.includes(folderOf(resolved(path, target))))
        .map(({ target }) => `${path} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test('the engine imports nothing but itself and its own schema', () => {
    const allowed = (path: string) =>
      path.startsWith('core/engine/') || ['schema/engine.ts', 'schema/states.ts'].includes(path);
    const wrong = inside('core/engine').flatMap(({ path, imports }) =>
      imports
        .filter(({ target, typeOnly }) => (isRelative(target) ? !allowed(resolved(path, target)) : !typeOnly))
        .map(({ target }) => `${path} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test('core uses six packages, each of which runs on every host', () => {
    const used = inside('core').flatMap(({ imports }) => imports.filter(({ target }) => !isRelative(target)));
    const values = used.filter(({ typeOnly }) => !typeOnly).map(({ target }) => target);
    expect([...new Set(values)].sort()).toEqual([
      '@huggingface/inference',
      'entities/decode',
      'franc-min',
      'saxes',
      'stemmer',
      'zod',
    ]);
    const types = used.filter(({ typeOnly }) => typeOnly).map(({ target }) => target);
    expect([...new Set(types)].sort()).toEqual(['@libsql/client', 'fhir/r4.js']);
  });

  test('every relative import names a file that is there, with its extension', () => {
    const wrong = sources.flatMap(({ path, imports }) =>
      imports
        .filter(({ target }) => isRelative(target))
        .filter(
          ({ target }) => !/\.(?:ts|js|mjs|json|wasm)$/.test(target) || !existsSync(join(root, resolved(path, target))),
        )
        .map(({ target }) => `${path} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });
});

describe('what runs where', () => {
  const found = (code: string, pattern: RegExp): readonly string[] => code.match(new RegExp(pattern, 'g')) ?? [];

  test('core runs anywhere: no node:, no Deno, no process, no Buffer', () => {
    const HOST = /(?<![\w$.])(?:process\s*[.[]|Buffer\s*[.(]|Deno\s*[.[]|require\s*\(|__dirname|import\.meta)|\bnode:/;
    const wrong = inside('core').flatMap(({ path, code, imports }) => [
      ...found(code, HOST).map((use) => `${path}: ${use}`),
      ...imports.filter(({ target }) => target.startsWith('node:')).map(({ target }) => `${path} imports ${target}`),
    ]);
    expect(wrong).toEqual([]);
  });

  test.each(['functions/worker.ts', 'functions/deno.ts'])(
    '%s loads neither Node modules nor the table builder',
    (entry) => {
      const { files, packages } = loadedBy(entry);
      expect([...packages].sort()).toEqual([
        '@huggingface/inference',
        '@libsql/client/web',
        'entities/decode',
        'franc-min',
        'hono',
        'saxes',
        'stemmer',
        'zod',
      ]);
      expect(
        [...files].filter((path) => ['schema/engine.ts', 'schema/corpus.ts', 'schema/tables.ts'].includes(path)),
      ).toEqual([]);
      expect(files).toContain('core/pipeline.ts');
    },
  );

  test('among the edge files only connect.ts touches clock, dice, timers, network and console, and only deno.ts Deno', () => {
    const GLOBALS =
      /(?<![\w$.])(?:Math\.random|Date\.now|performance\.|setInterval|setTimeout|fetch\(|console\.|crypto\.randomUUID|Deno\.)/;
    const users = inside('functions').flatMap(({ path, code }) => found(code, GLOBALS).map((use) => ({ path, use })));
    expect([...new Set(users.map(({ path }) => path))].sort()).toEqual(['functions/connect.ts', 'functions/deno.ts']);
    expect(users.filter(({ path, use }) => (path === 'functions/deno.ts') !== use.startsWith('Deno'))).toEqual([]);
  });
});

describe('pure files', () => {
  /** They read and write the bytes of releases: streams and hashes. */
  const RELEASE_BYTES = ['archive', 'previous', 'release'].map((name) => `core/search/${name}.ts`);
  /** They ask a release, an embedder or an engine that they are given. */
  const ASK_PORTS = ['alike', 'candidates', 'case-answer', 'query', 'search'].map((name) => `core/search/${name}.ts`);
  const pure = [
    ...['day', 'detect', 'failpoints', 'lifecycle', 'outcome', 'progress', 'stage'].map(
      (name) => `core/engine/${name}.ts`,
    ),
    ...inside('core/cases').map(({ path }) => path),
    ...inside('core/search')
      .map(({ path }) => path)
      .filter((path) => !RELEASE_BYTES.includes(path)),
    ...['builtin', 'builtin-fit', 'builtin-linear', 'builtin-numbers', 'views'].map((name) => `core/models/${name}.ts`),
    'schema/vocabulary.ts',
    'schema/states.ts',
  ];

  test('they are all there', () => {
    expect(pure.filter((path) => !sourceOf.has(path))).toEqual([]);
    expect(pure.length).toBeGreaterThan(30);
  });

  test('decisions, case reading and scoring use no clock, no dice, no timer and no network', () => {
    const IMPURE =
      /\bDate\.now|\bnew Date\(\)|\bperformance\.|\bMath\.random|\bcrypto\.|\bset(?:Timeout|Interval)|(?<![\w$.])fetch\(|\bconsole\./;
    const wrong = pure.flatMap((path) => {
      const match = IMPURE.exec(sourceOf.get(path)?.code ?? '');
      return match ? [`${path}: ${match[0]}`] : [];
    });
    expect(wrong).toEqual([]);
  });

  test('whatever they load is pure too', () => {
    const types = ['core/engine/errors.ts', 'core/models/ports.ts'];
    const wrong = pure.flatMap((path) =>
      [...loadedBy(path).files]
        .filter((file) => ![...pure, ...types].includes(file))
        .map((file) => `${path} loads ${file}`),
    );
    expect(wrong).toEqual([]);
  });

  test('they await nothing: a decision is made from what it was given', () => {
    const wrong = pure.filter((path) => /\bawait\b/.test(sourceOf.get(path)?.code ?? '') && !ASK_PORTS.includes(path));
    expect(wrong).toEqual([]);
  });
});
