#!/usr/bin/env node
import './typescript.mjs';

const { main } = await import('./cli/main.ts');
await main(process.argv);
