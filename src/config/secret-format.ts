import type { Format, Parsed, Refusal } from './format.ts';
import type { Json } from './json.ts';
import type { SecretSource } from './secret.ts';
import { credentialSecret, type Environment, environmentSecret, fileSecret, literalSecret } from './secret-source.ts';

const PLACEHOLDER = /^<[a-z][a-z0-9 _.-]*>?$/i;

/** A literal, or a reference that is read again at each use. */
export const secret: Format<SecretSource> = {
  rule: 'a string, {"file": "/path"}, {"env": "NAME"} or {"credential": "name"}',
  jsonSchema: { oneOf: [{ type: 'string' }, reference('file', '^/'), reference('env', '^[A-Za-z_][A-Za-z0-9_]*$'), reference('credential', '^[^/]+$')] },
  isSecret: true,
  parse(json, env) {
    const result = parseSource(json, env);
    return 'remedy' in result ? result : shown(result);
  },
  parseEnvironment: (name, env) => shown(environmentSecret(name, env)),
};

function parseSource(json: Json, env: Environment): SecretSource | Refusal {
  if (json.kind === 'string') {
    if (PLACEHOLDER.test(json.value)) return { rule: 'is still the placeholder of the sample file', remedy: 'put the real value in its place' };
    if (/\p{Cc}/u.test(json.value)) return { rule: 'must be one line', remedy: 'remove the line break or other control character' };
    return literalSecret(json.value);
  }
  const member = json.kind === 'object' && json.members.length === 1 ? json.members[0] : undefined;
  if (member?.value.kind !== 'string') return { remedy: 'write the secret itself or exactly one reference' };
  const target = member.value.value;
  if (member.key === 'file') return target.startsWith('/') ? fileSecret(target) : { remedy: 'write the whole path of the file from "/"' };
  if (member.key === 'env') return /^[A-Za-z_]\w*$/.test(target) ? environmentSecret(target, env) : { remedy: 'write the name of an environment variable' };
  if (member.key === 'credential') {
    const isPlainName = target !== '' && target !== '.' && target !== '..' && !target.includes('/');
    return isPlainName ? credentialSecret(target, env) : { remedy: 'write the name of a systemd credential, without slashes' };
  }
  return { remedy: 'a reference is one of "file", "env" and "credential"' };
}

function shown(source: SecretSource): Parsed<SecretSource> {
  return { value: source, shown: `[secret] (${source.origin})` };
}

function reference(kind: string, pattern: string): Readonly<Record<string, unknown>> {
  return { type: 'object', properties: { [kind]: { type: 'string', pattern } }, required: [kind], additionalProperties: false };
}
