import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const openssl = promisify(execFile);
const DAY_MS = 86_400_000;

export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
}

/** What a listener shows, the authority that signed it, and, for mTLS, what it asks of clients. */
export interface ServerTls extends Certificate {
  readonly caFile: string;
  /** Given: a client without a certificate of this authority is refused. */
  readonly clientCaFile?: string;
  /** What the helpers themselves show to such a listener. */
  readonly client?: Certificate;
}

export interface CertificateRequest {
  readonly usage: 'server' | 'client';
  /** As OpenSSL writes them: `IP:127.0.0.1`, `DNS:vault.test`. */
  readonly names?: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

/** A private certificate authority in a directory of its own. */
export class Authority {
  readonly caFile: string;
  readonly #directory: string;
  readonly #keyFile: string;

  private constructor(directory: string, name: string) {
    this.#directory = directory;
    this.caFile = join(directory, `${name}.crt`);
    this.#keyFile = join(directory, `${name}.key`);
  }

  static async create(directory: string, name = 'ca'): Promise<Authority> {
    const authority = new Authority(directory, name);
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', authority.#keyFile];
    await openssl('openssl', ['req', '-x509', ...key, '-out', authority.caFile, '-days', '30', '-subj', `/CN=${name} of a test`]);
    return authority;
  }

  /** `openssl ca` and not `openssl x509`: only it sets both dates in every version, and so makes an expired certificate. */
  async issue(name: string, request: CertificateRequest): Promise<Certificate> {
    const at = (file: string) => join(this.#directory, file);
    const files = { certFile: at(`${name}.crt`), keyFile: at(`${name}.key`) };
    const requestFile = at(`${name}.csr`);
    const configFile = at(`${name}.cnf`);
    await writeFile(at(`${name}.index`), '');
    await writeFile(configFile, this.#caConfig(at(`${name}.index`), request));
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', files.keyFile];
    await openssl('openssl', ['req', '-new', ...key, '-out', requestFile, '-subj', `/CN=${name}`]);
    const dates = [
      ['-startdate', request.notBefore ?? new Date(Date.now() - DAY_MS)],
      ['-enddate', request.notAfter ?? new Date(Date.now() + 7 * DAY_MS)],
    ].flatMap(([flag, date]) => [String(flag), asn1Time(date as Date)]);
    await openssl('openssl', ['ca', '-batch', '-notext', '-config', configFile, '-in', requestFile, '-out', files.certFile, ...dates]);
    return files;
  }

  #caConfig(indexFile: string, { usage, names = [] }: CertificateRequest): string {
    const lines = ['[ca]', 'default_ca = own', '[own]', `database = ${indexFile}`, `new_certs_dir = ${this.#directory}`];
    lines.push(`certificate = ${this.caFile}`, `private_key = ${this.#keyFile}`, 'rand_serial = yes', 'default_md = sha256');
    lines.push('policy = any', 'x509_extensions = leaf', '[any]', 'commonName = supplied', '[leaf]', `extendedKeyUsage = ${usage}Auth`);
    if (names.length > 0) lines.push(`subjectAltName = ${names.join(',')}`);
    return `${lines.join('\n')}\n`;
  }
}

function asn1Time(date: Date): string {
  return `${date.toISOString().replace(/\.\d+/, '').replaceAll(/[-:T]/g, '')}`;
}
