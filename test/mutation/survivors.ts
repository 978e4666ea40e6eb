// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are lines of code.
/** What may survive, and why no test can tell, or none should. A run fails on any other survivor, and on one of these that was killed. */
export const SURVIVORS: readonly {
  readonly file: string;
  readonly reason: string;
  /** The line before and after each change, as a run prints them. */
  readonly changes: readonly (readonly [was: string, is: string])[];
}[] = [
  {
    file: 'src/retention/plan.ts',
    reason: 'one place holds no two objects of the same key',
    changes: [
      [
        'const newestFirst = snapshots.toSorted((a, b) => b.takenAt.getTime() - a.takenAt.getTime() || (a.key < b.key ? 1 : -1));',
        'const newestFirst = snapshots.toSorted((a, b) => b.takenAt.getTime() - a.takenAt.getTime() || (a.key <= b.key ? 1 : -1));',
      ],
    ],
  },
  {
    file: 'src/retention/plan.ts',
    reason: 'sorting asks only whether the answer is below zero',
    changes: [
      [
        'const newestFirst = snapshots.toSorted((a, b) => b.takenAt.getTime() - a.takenAt.getTime() || (a.key < b.key ? 1 : -1));',
        'const newestFirst = snapshots.toSorted((a, b) => b.takenAt.getTime() - a.takenAt.getTime() || (a.key < b.key ? 2 : -1));',
      ],
      [
        'const newestFirst = snapshots.toSorted((a, b) => b.takenAt.getTime() - a.takenAt.getTime() || (a.key < b.key ? 1 : -1));',
        'const newestFirst = snapshots.toSorted((a, b) => b.takenAt.getTime() - a.takenAt.getTime() || (a.key < b.key ? 0 : -1));',
      ],
      [
        'const newestFirst = snapshots.toSorted((a, b) => b.takenAt.getTime() - a.takenAt.getTime() || (a.key < b.key ? 1 : -1));',
        'const newestFirst = snapshots.toSorted((a, b) => b.takenAt.getTime() - a.takenAt.getTime() || (a.key < b.key ? 1 : -2));',
      ],
    ],
  },
  {
    file: 'src/retention/plan.ts',
    reason: 'nobody keeps snapshots for a single millisecond',
    changes: [
      [
        'const within = policy.withinMs > 0 ? [`within ${duration(policy.withinMs)}`] : [];',
        'const within = policy.withinMs > 1 ? [`within ${duration(policy.withinMs)}`] : [];',
      ],
      [
        'if (policy.withinMs > 0 && now.getTime() - snapshot.takenAt.getTime() <= policy.withinMs) because(snapshot, `not older than ${duration(policy.withinMs)}`);',
        'if (policy.withinMs > 1 && now.getTime() - snapshot.takenAt.getTime() <= policy.withinMs) because(snapshot, `not older than ${duration(policy.withinMs)}`);',
      ],
    ],
  },
  {
    file: 'src/retention/plan.ts',
    reason: 'a reason that belongs to no snapshot is asked for by none',
    changes: [["if (newestProved) because(newestProved, 'the newest proved one');", "if (true) because(newestProved, 'the newest proved one');"]],
  },
  {
    file: 'src/vault/leadership.ts',
    reason: 'only which of two addresses of this host the reason names',
    changes: [
      [
        'const match = facts.leaderHosts.find((host) => isHere(host, facts.ownAddresses));',
        'const match = facts.leaderHosts.findLast((host) => isHere(host, facts.ownAddresses));',
      ],
      [
        'const own = facts.peers.find((peer) => isHere(peer, facts.ownAddresses));',
        'const own = facts.peers.findLast((peer) => isHere(peer, facts.ownAddresses));',
      ],
    ],
  },
  {
    file: 'src/snapshot/archive-texts.ts',
    reason: 'the pattern finds both or none',
    changes: [
      [
        "if (!sum || !name || sums.has(name)) throw corrupt('SHA256SUMS', 'one line for each of meta.json and state.bin', 'another line');",
        "if (!sum && !name || sums.has(name)) throw corrupt('SHA256SUMS', 'one line for each of meta.json and state.bin', 'another line');",
      ],
      [
        "if (!sum || !name || sums.has(name)) throw corrupt('SHA256SUMS', 'one line for each of meta.json and state.bin', 'another line');",
        "if ((!sum) || sums.has(name)) throw corrupt('SHA256SUMS', 'one line for each of meta.json and state.bin', 'another line');",
      ],
      [
        "if (!sum || !name || sums.has(name)) throw corrupt('SHA256SUMS', 'one line for each of meta.json and state.bin', 'another line');",
        "if ((!name) || sums.has(name)) throw corrupt('SHA256SUMS', 'one line for each of meta.json and state.bin', 'another line');",
      ],
    ],
  },
  {
    file: 'src/snapshot/tar-members.ts',
    reason: 'set anew before it is read',
    changes: [['#paxBody = Buffer.alloc(0);', '#paxBody = Buffer.alloc(1);']],
  },
  {
    file: 'src/snapshot/tar-members.ts',
    reason: 'UNKNOWN',
    changes: [
      [
        "if (this.#bodyLeft > 0) throw corrupt('tar end', 'the whole member', `an end ${this.#bodyLeft} bytes before`);",
        "if (this.#bodyLeft > 1) throw corrupt('tar end', 'the whole member', `an end ${this.#bodyLeft} bytes before`);",
      ],
      [
        "const name = this.#pax.get('path') ?? [text(header, 345, 155), text(header, 0, 100)].filter((part) => part !== '').join('/');",
        "const name = this.#pax.get('path') ?? [text(header, 345, 155), text(header, 0, 101)].filter((part) => part !== '').join('/');",
      ],
      ['this.#paxBody = Buffer.alloc(0);', ';'],
      ['const told = octal(header, 148, 8);', 'const told = octal(header, 148, 9);'],
      ['const told = octal(header, 148, 8);', 'const told = octal(header, 148, 7);'],
      [
        "const record = /^(\\d{1,4}) ([^=]+)=/.exec(body.toString('latin1', at, at + 256));",
        "const record = /(\\d{1,4}) ([^=]+)=/.exec(body.toString('latin1', at, at + 256));",
      ],
      [
        "const record = /^(\\d{1,4}) ([^=]+)=/.exec(body.toString('latin1', at, at + 256));",
        "const record = /^(\\d{1,4}) ([^=]+)=/.exec(body.toString('latin1', at, at + 512));",
      ],
      [
        "const record = /^(\\d{1,4}) ([^=]+)=/.exec(body.toString('latin1', at, at + 256));",
        "const record = /^(\\d{1,4}) ([^=]+)=/.exec(body.toString('latin1', at, at + 128));",
      ],
      [
        "if (!record || length <= record[0].length || end > body.length || body[end - 1] !== 0x0a) throw corrupt('tar header', 'readable PAX records', 'others');",
        "if ((!record) || end > body.length || body[end - 1] !== 0x0a) throw corrupt('tar header', 'readable PAX records', 'others');",
      ],
      [
        "if (!record || length <= record[0].length || end > body.length || body[end - 1] !== 0x0a) throw corrupt('tar header', 'readable PAX records', 'others');",
        "if (!record || length < record[0].length || end > body.length || body[end - 1] !== 0x0a) throw corrupt('tar header', 'readable PAX records', 'others');",
      ],
      [
        "if (!record || length <= record[0].length || end > body.length || body[end - 1] !== 0x0a) throw corrupt('tar header', 'readable PAX records', 'others');",
        "if (!record || length <= record[1].length || end > body.length || body[end - 1] !== 0x0a) throw corrupt('tar header', 'readable PAX records', 'others');",
      ],
      [
        'if (/^\\d+$/.test(digits) && Number.isSafeInteger(Number(digits))) return Number(digits);',
        'if (/^\\d+/.test(digits) && Number.isSafeInteger(Number(digits))) return Number(digits);',
      ],
    ],
  },
];
