/** What went wrong before there was any answer, in words, and what mends it. */
export interface NetworkFailure {
  readonly says: string;
  readonly advice: string | undefined;
}

const CA_ADVICE = 'set "s3_ca_cert" to a PEM file of the CA that signed the certificate of the store';

const TLS_FAILURES: Readonly<Record<string, NetworkFailure>> = {
  CERT_HAS_EXPIRED: { says: 'the certificate of the store, or one that signed it, has expired', advice: 'renew it, and compare the clocks of both hosts' },
  CERT_NOT_YET_VALID: { says: 'the certificate of the store is not valid yet', advice: 'compare the clocks of both hosts' },
  CERT_REVOKED: { says: 'the certificate of the store has been revoked', advice: 'give the store a new certificate' },
  DEPTH_ZERO_SELF_SIGNED_CERT: { says: 'the certificate of the store is self-signed and not trusted here', advice: CA_ADVICE },
  SELF_SIGNED_CERT_IN_CHAIN: { says: 'the certificate of the store was signed by a CA that is not trusted here', advice: CA_ADVICE },
  UNABLE_TO_GET_ISSUER_CERT: { says: 'the certificate of the store was signed by a CA that is not known here', advice: CA_ADVICE },
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: { says: 'the certificate of the store was signed by a CA that is not known here', advice: CA_ADVICE },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: { says: 'the certificate of the store was signed by a CA that is not known here', advice: CA_ADVICE },
  CERT_SIGNATURE_FAILURE: { says: 'the certificate of the store was not signed by the CA it names', advice: CA_ADVICE },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    says: 'the certificate of the store is for another name',
    advice: 'write "s3_endpoint" with a name of the certificate; a bucket in the host name needs a wildcard there, or "s3_force_path_style": true',
  },
  EPROTO: { says: 'the TLS handshake failed', advice: 'a store that speaks plain http needs "s3_endpoint" with http://' },
};

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  ENOTFOUND: 'the name of the host is not known',
  EAI_AGAIN: 'the name server does not answer',
  EHOSTUNREACH: 'there is no way to the host',
  ENETUNREACH: 'there is no way to the network',
  ETIMEDOUT: 'the host does not answer',
};

export function describeNetworkFailure(error: unknown): NetworkFailure {
  const code = codeOf(error);
  const tls = TLS_FAILURES[code] ?? (code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_') ? TLS_FAILURES.EPROTO : undefined);
  if (tls !== undefined) return { says: `${tls.says} (${code})`, advice: tls.advice };
  if (error instanceof Error && error.name === 'TimeoutError') return { says: 'the store has been silent for too long', advice: undefined };
  const words = WORDS[code];
  if (words !== undefined) return { says: `${words} (${code})`, advice: undefined };
  return { says: `no usable answer (${code || (error instanceof Error ? error.name : 'unknown')})`, advice: undefined };
}

/** Several addresses tried in vain are an AggregateError, whose first one tells enough. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}
