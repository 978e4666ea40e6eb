import type { Spoil } from './spoiled-archive.ts';

/** One spoiled archive, and what became of it. */
export interface Judged {
  readonly how: Spoil;
  readonly archive: Buffer;
  /** Undefined: proved. */
  readonly ours: string | undefined;
  readonly inspect: boolean;
}

/** Where we refuse what `inspect` takes, and why we do. */
export const STRICTER: Readonly<Record<string, string>> = {
  'gzip header': 'no server writes optional fields or another method; whoever packed this anew was not one',
  'gzip end': 'inspect stops reading behind the tar: bytes after it, and a cut trailer, escape it',
  'gzip crc': 'read by us to the last byte',
  'gzip size': 'read by us to the last byte',
  'gzip data': 'damage behind the end of the tar, which inspect does not unpack',
  'tar header': 'a checksum, magic or number that Go forgives',
  'tar members': 'another order, another kind or a member that is there twice; inspect keeps the last of them',
  'tar padding': 'Go steps over what fills a block up',
  'tar end': 'Go takes the end of the file for the end of the tar',
  'member size': 'what the server itself would not read whole, or an empty seal file',
  'meta.json': 'fields Go fills with zeros where they are missing or of another kind',
  'state.bin size': 'inspect does not compare it with meta.json',
  'state.bin records': 'inspect reads keys and stops caring at the first it cannot read',
  SHA256SUMS: 'lines that Go reads as words, however they are spaced, ended or repeated',
};

/** docs/archive-verdicts.md. `answers` are those of the server to the restores, counted. */
export function renderVerdicts(judged: readonly Judged[], answers: ReadonlyMap<string, number>, date: string): string {
  const count = (isProved: boolean, inspect: boolean) => judged.filter((one) => (one.ours === undefined) === isProved && one.inspect === inspect).length;
  const stricter = Map.groupBy(
    judged.filter(({ ours, inspect }) => ours !== undefined && inspect),
    ({ ours }) => ours ?? '',
  );
  return `# Spoiled archives, and who takes them

\`npm run fuzz\` spoils an archive of a real Vault at each of its layers, from the bytes of the gzip to the records of the state, makes
everything outside that layer right again, and asks both \`vault operator raft snapshot inspect\` and this program. It writes this page.

${date}, ${judged.length} spoiled archives:

| | \`inspect\` takes it | \`inspect\` refuses it |
| --- | --- | --- |
| proved | ${count(true, true)} | **${count(true, false)}** |
| refused by us | ${count(false, true)} | ${count(false, false)} |

Proved is what is sound, if packed anew, or spoiled where it makes no difference. What only we refuse:

| check | archives | why |
| --- | --- | --- |
${[...stricter]
  .toSorted()
  .map(([check, of]) => `| ${check} | ${of.length} | ${STRICTER[check] ?? ''} |`)
  .join('\n')}

Some of those that were proved were restored into the server. It takes what has the sums it sealed itself, and refuses a forgery that
nobody else can tell, because the sums fit:

| the sums | answer | archives |
| --- | --- | --- |
${[...answers]
  .toSorted()
  .map(([row, times]) => `| ${row.replace(': ', ' | ')} | ${times} |`)
  .join('\n')}
`;
}
