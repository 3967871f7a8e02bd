import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';

/** Answers as sqld 0.24 does when it gave the write lock of a batch to somebody else: every step fails, COMMIT and ROLLBACK too. */
async function serverThatTakesTransactionsAway() {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.method === 'GET') return void response.writeHead(200).end();
      const { requests } = JSON.parse(Buffer.concat(chunks).toString()) as {
        requests: { type: string; batch?: { steps: unknown[] } }[];
      };
      const results = requests.map(({ type, batch }) => {
        if (type !== 'batch') return { type: 'ok', response: { type } };
        const failed = { message: 'Transaction timed out', code: 'TRANSACTION_TIMEOUT' };
        const steps = batch?.steps ?? [];
        const result = { step_results: steps.map(() => null), step_errors: steps.map(() => failed) };
        return { type: 'ok', response: { type, result } };
      });
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ baton: null, base_url: null, results }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, stop: () => server.close() };
}

/** What a process says that writes a batch to `url`, as the product connects, and its exit code. */
async function writing(
  url: string,
  survive: boolean,
): Promise<{ readonly code: number | null; readonly said: string }> {
  const script = `
    const { createClient } = await import('@libsql/client/http');
    const { connectDatabase, statement } = await import('./core/engine/index.ts');
    const { surviveDroppedSteps } = await import('./space/host/rejections.ts');
    if (${survive}) surviveDroppedSteps();
    const db = connectDatabase(createClient({ url: ${JSON.stringify(url)} }), { deadlineMs: 300 });
    await db.write([statement('SELECT 1'), statement('SELECT 2')]).catch((error) => console.log(error.message));
    await new Promise((resolve) => setTimeout(resolve, 50));
    console.log('still here');
    process.exit(0);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    cwd: new URL('..', import.meta.url),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, said };
}

test('a transaction that the server takes away is told to its caller and does not end the process', async () => {
  const server = await serverThatTakesTransactionsAway();
  try {
    // That the client really drops promises is what this is for: without a handler the process ends.
    expect(await writing(server.url, false)).toMatchObject({ code: 1, said: expect.stringContaining('timed out') });
    const { code, said } = await writing(server.url, true);
    expect(said).toContain('no answer from the database within 300 ms');
    expect(said).toContain('still here');
    expect(code).toBe(0);
  } finally {
    server.stop();
  }
});
