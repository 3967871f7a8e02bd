import { vi } from 'vitest';
import { main } from '../../space/cli/main.ts';

/** Runs a command of the product in this process: a process for each would cost more than all that it does. */
export async function command(...args: string[]): Promise<{
  readonly exitCode: number;
  /** What it wrote to standard output and standard error, as a terminal shows it. */
  readonly output: string;
  readonly stdout: string;
}> {
  const output: string[] = [];
  const answer: string[] = [];
  const spies = [
    vi
      .spyOn(process.stdout, 'write')
      .mockImplementation((part) => answer.push(String(part)) + output.push(String(part)) > 0),
    vi.spyOn(process.stderr, 'write').mockImplementation((part) => output.push(String(part)) > 0),
  ];
  process.exitCode = 0;
  try {
    await main(['node', 'anamnesis', ...args]);
    return { exitCode: Number(process.exitCode), output: output.join(''), stdout: answer.join('') };
  } finally {
    process.exitCode = 0;
    for (const spy of spies) spy.mockRestore();
  }
}
