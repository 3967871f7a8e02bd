import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';
import type { Readable } from 'node:stream';

/**
 * The outside world of a disturbed run: a paid service that keeps its own books, and an observer who hears which items
 * a process is working on. It lives in the supervisor, so that no death of a child takes anything from it.
 */

export type PaidCall = { readonly life: number; readonly name: string; readonly key: string; readonly item: string };
export type Answer = { readonly result: string; readonly cost: number };
type Message =
  | ({ readonly do: 'pay'; readonly id: number } & PaidCall)
  | { readonly do: 'ask'; readonly id: number; readonly key: string }
  | {
      readonly do: 'begin';
      readonly life: number;
      readonly stage: string;
      readonly lease: number;
      readonly items: string[];
    }
  | { readonly do: 'end'; readonly life: number };

export type Batch = {
  readonly life: number;
  readonly stage: string;
  readonly lease: number;
  readonly items: readonly string[];
};
export type Witness = {
  readonly port: number;
  /** Every paid call in the order of its arrival, answered or not. */
  readonly calls: readonly PaidCall[];
  readonly asked: () => number;
  /** Every batch that a process began to work on. */
  readonly batches: readonly Batch[];
  /** Items that two living processes worked on at the same time. */
  readonly doubleClaims: readonly string[];
  /** The next batch of `stage` that some process begins. */
  readonly nextBatch: (stage: string) => Promise<Batch>;
  /** A process has ended: whatever it held, it works on no more. */
  readonly ended: (life: number) => void;
  /** A process stands still, and its lease is over: others may take what it held. */
  readonly suspended: (life: number) => void;
  readonly close: () => Promise<void>;
};

/** Calls back for every whole line; `readline` would throw the errors of its stream anew, where nobody listens. */
export function onLine(stream: Readable, callback: (line: string) => void): void {
  let rest = '';
  stream.on('data', (part: Buffer) => {
    const lines = (rest + part.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) callback(line);
  });
}

/** What the service answers for an item; the same however often it is asked. */
export const answerFor = (item: string): Answer => ({ result: `read ${item}`, cost: 1 });

export async function startWitness(): Promise<Witness> {
  const calls: PaidCall[] = [];
  const batches: Batch[] = [];
  const doubleClaims: string[] = [];
  const working = new Map<number, Batch>();
  const over = new Set<number>();
  const waiting: { readonly stage: string; readonly resolve: (batch: Batch) => void }[] = [];
  const known = new Map<string, Answer>();
  const sockets = new Set<Socket>();
  let asked = 0;

  const begin = ({ life, stage, lease, items }: Batch): void => {
    const batch = { life, stage, lease, items };
    batches.push(batch);
    // What a process said just before it was killed may be read after its end.
    if (over.has(life)) return;
    for (const other of working.values()) {
      if (other.life === life || other.stage !== stage) continue;
      for (const item of items)
        if (other.items.includes(item)) doubleClaims.push(`${stage} ${item}: lives ${other.life} and ${life}`);
    }
    working.set(life, batch);
    for (let i = waiting.length - 1; i >= 0; i--)
      if (waiting[i]?.stage === stage) waiting.splice(i, 1)[0]?.resolve(batch);
  };
  const hear = (message: Message): Answer | null | undefined => {
    if (message.do === 'begin') begin(message);
    else if (message.do === 'end') working.delete(message.life);
    else if (message.do === 'ask') {
      asked += 1;
      return known.get(message.key) ?? null;
    } else {
      const { life, name, key, item } = message;
      calls.push({ life, name, key, item });
      known.set(key, answerFor(item));
      return answerFor(item);
    }
    return undefined;
  };

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    // A killed child resets its connection.
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    onLine(socket, (line) => {
      let message: Message;
      try {
        message = JSON.parse(line) as Message;
      } catch {
        return; // the half of a line that a killed process had sent
      }
      const answer = hear(message);
      if (answer !== undefined && 'id' in message && !socket.destroyed)
        socket.write(`${JSON.stringify({ id: message.id, answer })}\n`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    calls,
    batches,
    doubleClaims,
    asked: () => asked,
    nextBatch: (stage) => new Promise((resolve) => waiting.push({ stage, resolve })),
    ended: (life) => {
      over.add(life);
      working.delete(life);
    },
    suspended: (life) => {
      working.delete(life);
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

export type WitnessClient = {
  readonly pay: (name: string, key: string, item: string) => Promise<Answer>;
  /** What an earlier call under this key gave; null when none arrived. */
  readonly ask: (key: string) => Promise<Answer | null>;
  readonly begin: (stage: string, lease: number, items: readonly string[]) => void;
  readonly end: () => void;
};

/** The child's side. A line is handed to the kernel before `write` returns, so that a death just after it does not unsay it. */
export async function connectWitness(port: number, life: number): Promise<WitnessClient> {
  const socket = connect({ port, host: '127.0.0.1' });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  socket.setNoDelay(true);
  const open = new Map<number, (answer: Answer | null) => void>();
  let ids = 0;
  onLine(socket, (line) => {
    const { id, answer } = JSON.parse(line) as { id: number; answer: Answer | null };
    open.get(id)?.(answer);
    open.delete(id);
  });
  const send = (message: Message): void => {
    socket.write(`${JSON.stringify(message)}\n`);
  };
  const call = (message: (id: number) => Message): Promise<Answer | null> =>
    new Promise((resolve) => {
      ids += 1;
      open.set(ids, resolve);
      send(message(ids));
    });
  return {
    pay: async (name, key, item) => {
      const answer = await call((id) => ({ do: 'pay', id, life, name, key, item }));
      if (answer === null) throw new Error(`the service gave no answer for ${item}`);
      return answer;
    },
    ask: (key) => call((id) => ({ do: 'ask', id, key })),
    begin: (stage, lease, items) => send({ do: 'begin', life, stage, lease, items: [...items] }),
    end: () => send({ do: 'end', life }),
  };
}
