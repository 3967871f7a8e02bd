import { defineConfig } from 'drizzle-kit';

const part = process.env.SCHEMA_PART ?? 'engine';

/** Two migration sets, so that the engine can be used without the clinical tables: SCHEMA_PART=engine or corpus. */
export default defineConfig({
  dialect: 'sqlite',
  schema: `./schema/${part}.ts`,
  out: `./schema/migrations/${part}`,
});
