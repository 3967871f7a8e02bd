import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { check } from 'recheck';
import { describe, expect, test } from 'vitest';
import { parseAst } from 'vitest/node';

const ROOT = new URL('../', import.meta.url);
/**
 * Counted steps in place of the checker's clock, so that a slow machine finds what a fast one does. An expression passes that takes at most
 * some 2,000 steps a character on the worst text found; one that is quadratic takes more than that on 15,000 characters.
 */
const LIMITS = {
  timeout: null,
  attackTimeout: null,
  incubationTimeout: null,
  attackLimit: 30_000_000,
  maxAttackStringSize: 15_000,
  maxIteration: 4,
} as const;
const AT_ONCE = 2;
// Compiled to WebAssembly; the language has no regular expressions.
const ASSEMBLY = 'core/search/kernel/assembly/';

/** Expressions that are built when a function is called, with a value such as it is called with. */
const BUILT_IN_CALLS: Readonly<Record<string, readonly string[]>> = {
  'core/sources/ncbi.ts': ['<Count>([^<]{0,500})</Count>'],
  'core/sources/pmc.ts': [`\\bcode\\s?=\\s?["']([^"'<>]{0,300})["']`],
  'core/sources/europe-pmc.ts': ['^PMC([1-9]\\d{0,11})$'],
  'core/sources/formats/bioc.ts': ['(?:^|;)surname:([^;]{0,200})'],
  'core/sources/pubmed.ts': ['<(?:ArticleId IdType="pubmed"|PMID(?: Version="\\d{1,4}")?)>\\s{0,20}38012345\\s{0,20}<'],
  'space/faiss/setup.mjs': ['#define FAISS_VERSION_MAJOR (\\d+)'],
};
/** Expressions that the checker does not pass, each with the reason why it cannot hang all the same. */
const EXCEPTED: Readonly<Record<string, string>> = {};

type Expression = { readonly source: string; readonly flags: string; readonly where: string };
type Found = { readonly literals: readonly Expression[]; readonly constructed: number };

function isNode(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** The regular expressions of a module: its literals, and how often it calls the constructor. */
function expressionsIn(code: string, file: string): Found {
  const literals: Expression[] = [];
  let constructed = 0;
  const waiting: unknown[] = [parseAst(code, { lang: file.endsWith('.ts') ? 'ts' : 'js' })];
  while (waiting.length > 0) {
    const node = waiting.pop();
    if (Array.isArray(node)) waiting.push(...node);
    else if (isNode(node)) {
      const { type, regex, callee, start } = node;
      if (type === 'Literal' && isNode(regex))
        literals.push({ source: String(regex.pattern), flags: String(regex.flags), where: `${file}@${start}` });
      const calls = type === 'NewExpression' || type === 'CallExpression';
      if (calls && isNode(callee) && callee.name === 'RegExp') constructed += 1;
      waiting.push(...Object.values(node));
    }
  }
  return { literals, constructed };
}

const files = ['schema', 'core', 'functions', 'space']
  .flatMap((folder) =>
    readdirSync(new URL(`${folder}/`, ROOT), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
  )
  .filter((file) => /\.(?:ts|js|mjs)$/.test(file) && !file.endsWith('.d.ts') && !file.startsWith(ASSEMBLY))
  .sort();
const found = new Map(files.map((file) => [file, expressionsIn(readFileSync(new URL(file, ROOT), 'utf8'), file)]));

/** What modules build when they are loaded; they are loaded once. */
async function loadBuilding(): Promise<readonly Expression[]> {
  const original = globalThis.RegExp;
  const built: Expression[] = [];
  const remember = (made: RegExp, where: string) => {
    built.push({ source: made.source, flags: made.flags, where });
    return made;
  };
  const building = [...found].filter(
    ([file, { constructed }]) => constructed > 0 && BUILT_IN_CALLS[file] === undefined,
  );
  // Those that import least come first: a module that another one has loaded builds nothing more.
  const imports = ([file]: (typeof building)[number]) =>
    readFileSync(new URL(file, ROOT), 'utf8').split(/^(?:import|\} from) /m).length;
  for (const [file] of building.sort((a, b) => imports(a) - imports(b))) {
    globalThis.RegExp = new Proxy(original, {
      construct: (target, args: [string, string?]) => remember(new target(...args), file),
      apply: (target, _, args: [string, string?]) => remember(target(...args), file),
    });
    try {
      await import(fileURLToPath(new URL(file, ROOT)));
    } finally {
      globalThis.RegExp = original;
    }
  }
  return built;
}

const builtOnLoad = await loadBuilding();

/** What is wrong with an expression, in words; null where nothing is. */
async function faultOf({ source, flags, where }: Expression): Promise<string | null> {
  const { status, ...verdict } = await check(source, flags, LIMITS);
  if (status === 'safe') return null;
  const attack = 'attack' in verdict && verdict.attack ? ` by ${verdict.attack.pattern}` : '';
  return `${status}${attack}: /${source}/${flags} in ${where}`;
}

async function faultsOf(expressions: readonly Expression[]): Promise<readonly string[]> {
  const waiting = [...new Map(expressions.map((one) => [`${one.flags}/${one.source}`, one])).values()];
  const faults: string[] = [];
  const work = async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const fault = EXCEPTED[next.source] === undefined ? await faultOf(next) : null;
      if (fault !== null) faults.push(fault);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return faults;
}

describe('regular expressions', { timeout: 1_200_000 }, () => {
  test.each(['^(?:x+)+$', '\\s+$', 'a.*b.*c', '(?:[a-z]+ )*x', '\\d+[.,]?\\d+ mg'])(
    'the check itself finds %s, in a literal and in TypeScript',
    async (source) => {
      const { literals } = expressionsIn(`const a: RegExp = /${source}/i; export type A = typeof a;`, 'planted.ts');
      expect(literals).toEqual([{ source, flags: 'i', where: 'planted.ts@18' }]);
      expect(await faultsOf(literals)).toEqual([expect.stringContaining('vulnerable')]);
    },
  );

  test('none of the product can be made to hang', async () => {
    const literals = [...found.values()].flatMap((one) => one.literals);
    expect(literals.length).toBeGreaterThan(300);
    const inCalls = Object.entries(BUILT_IN_CALLS).flatMap(([file, sources]) =>
      sources.map((source) => ({ source, flags: '', where: file })),
    );
    expect(await faultsOf([...literals, ...builtOnLoad, ...inCalls])).toEqual([]);
    const distinct = new Set(
      [...literals, ...builtOnLoad, ...inCalls].map(({ source, flags }) => `${flags}/${source}`),
    );
    console.info(
      `Regular expressions: ${literals.length} literals, ${builtOnLoad.length + inCalls.length} built, ${distinct.size} distinct, all safe (recheck)`,
    );
  });

  test('each place that builds one is known: on load it is seen, in a call its pattern is listed', async () => {
    const building = [...found].filter(([, { constructed }]) => constructed > 0).map(([file]) => file);
    const onLoad = new Set(builtOnLoad.map(({ where }) => where));
    expect(building.filter((file) => !onLoad.has(file) && BUILT_IN_CALLS[file] === undefined)).toEqual([]);
    expect(Object.keys(BUILT_IN_CALLS).filter((file) => !building.includes(file))).toEqual([]);
    for (const [file, sources] of Object.entries(BUILT_IN_CALLS))
      expect(found.get(file)?.constructed, file).toBe(sources.length);
  });
});
