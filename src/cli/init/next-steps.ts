import { join } from 'node:path';
import { CONFIG_NAME, type NewFile, placeOutside, ROLE, ROLE_ID, SECRET_ID, UNIT_NAME, type Wishes } from './plan.ts';

/** What is left to do, as lines for a shell. */
export function nextSteps(wishes: Wishes, files: readonly NewFile[]): string {
  const inOut = (name: string) => shellWord(join(wishes.out, name));
  const config = inOut(CONFIG_NAME);
  const unit = files.some(({ name }) => name === UNIT_NAME)
    ? [`install -D -m 0644 ${inOut(UNIT_NAME)} /etc/systemd/system/vault-snapshotd.service.d/init.conf`]
    : [];
  const check = `vault-snapshotd check --config ${config}`;
  const { login, destination } = wishes;
  const steps = [
    '# In Vault, with a token that may write policies and roles; "bao" takes the same:',
    `vault policy write ${ROLE} ${inOut('snapshot-policy.hcl')}`,
    ...loginSteps(wishes, inOut),
    '',
    '# Ask Vault and try the destination:',
    login.kind === 'approle' ? `CREDENTIALS_DIRECTORY=${shellWord(wishes.out)} ${check}` : check,
  ];
  if (login.kind === 'kubernetes') return lines(steps);
  // ReadWritePaths= of a directory that is not there keeps a unit from starting.
  const outside = placeOutside(destination);
  const place = outside === undefined ? [] : [`install -d -m 0700 -o vault-snapshotd -g vault-snapshotd ${shellWord(outside)}`];
  return lines([
    ...steps,
    '',
    '# Under systemd:',
    ...place,
    ...unit,
    `chgrp vault-snapshotd ${config}`,
    'systemctl daemon-reload',
    'systemctl enable --now vault-snapshotd',
  ]);
}

function loginSteps({ login }: Wishes, inOut: (name: string) => string): readonly string[] {
  if (login.kind === 'token_file') return [`# The policy goes on the token in ${login.path}.`];
  if (login.kind === 'kubernetes') {
    const bound = `bound_service_account_names=${ROLE} bound_service_account_namespaces=vault`;
    return [`vault write auth/kubernetes/role/${ROLE} ${bound} token_policies=${ROLE} token_ttl=1h`];
  }
  return [
    `vault read sys/auth/approle >/dev/null 2>&1 || vault auth enable approle`,
    `vault write auth/approle/role/${ROLE} token_policies=${ROLE} token_ttl=1h`,
    `(umask 077; vault read -field=role_id auth/approle/role/${ROLE}/role-id > ${inOut(ROLE_ID)})`,
    `(umask 077; vault write -force -field=secret_id auth/approle/role/${ROLE}/secret-id > ${inOut(SECRET_ID)})`,
  ];
}

function shellWord(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}
