/** What went wrong before there was any answer, in words, and what mends it. */
export interface LineFailure {
  readonly says: string;
  readonly advice?: string;
}

const UNTRUSTED: LineFailure = {
  says: 'its certificate was signed by a CA that is not trusted here',
  advice: 'set "ca_cert" to the CA that signed the certificate of "endpoint"; a proxy that opens TLS has a CA of its own',
};

const CUT: LineFailure = { says: 'the connection was cut' };

const FAILURES: Readonly<Record<string, LineFailure>> = {
  ECONNREFUSED: { says: 'nobody listens there' },
  ECONNRESET: CUT,
  EPIPE: CUT,
  ERR_STREAM_PREMATURE_CLOSE: CUT,
  ENOTFOUND: { says: 'its name does not resolve', advice: 'check "endpoint" and the name server' },
  EAI_AGAIN: { says: 'the name server does not answer' },
  CERT_HAS_EXPIRED: {
    says: 'its certificate, or one that signed it, has expired',
    advice: 'renew the certificate of "endpoint", or set the clock of this host',
  },
  CERT_NOT_YET_VALID: { says: 'its certificate is not valid yet', advice: 'set the clock of this host' },
  ERR_TLS_CERT_ALTNAME_INVALID: { says: 'its certificate is for other names', advice: 'write "endpoint" with a name that stands in the certificate' },
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  CERT_SIGNATURE_FAILURE: UNTRUSTED,
  EPROTO: { says: 'the TLS handshake failed', advice: 'check the scheme and the port of "endpoint"' },
};

export function describeLine(error: unknown): LineFailure {
  const code = codeOf(error);
  const known = FAILURES[code] ?? (/^ERR_(SSL|TLS)_/.test(code) ? FAILURES.EPROTO : undefined);
  if (known !== undefined) return { ...known, says: `${known.says} (${code})` };
  if (code.startsWith('HPE_')) return { says: `what answers there does not speak HTTP (${code})`, advice: 'check "endpoint"' };
  return { says: `no answer (${code || (error instanceof Error ? error.name : typeof error)})` };
}

/** Several addresses tried in vain are an AggregateError, whose first one tells enough. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
