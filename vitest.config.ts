import { cloudflareTest } from '@cloudflare/vitest-pool-workers';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // At the root only: projects must not say `extends: true`, else it would run once for each.
    globalSetup: ['./test/support/global-setup.ts'],
    // What the product logs is shown where a test failed.
    silent: 'passed-only',
    // Of a batch that a server gave up; the product's hosts survive it the same way.
    onUnhandledError: (error) =>
      !(error.name === 'ResponseError' && 'proto' in error && /timed out/i.test(error.message)),
    projects: [
      {
        test: {
          name: 'node',
          include: ['test/*.test.ts'],
          environment: 'node',
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // Real processes, servers and leases: a machine that is shared may stop one of them for longer than its lease. What is
          // wrong with the product fails twice.
          retry: process.env.CI ? 1 : 0,
        },
      },
      {
        plugins: [
          cloudflareTest({ wrangler: { configPath: './wrangler.toml' }, miniflare: { r2Buckets: ['RELEASES'] } }),
        ],
        test: {
          name: 'workers',
          include: ['test/workers/*.test.ts'],
          testTimeout: 120_000,
          // Bundled once instead of fetched module by module into workerd.
          deps: {
            optimizer: {
              ssr: {
                enabled: true,
                include: ['zod', 'hono', 'franc-min', '@libsql/client/web', '@huggingface/inference'],
              },
            },
          },
        },
      },
    ],
  },
});
