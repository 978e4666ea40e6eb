/** What went wrong before there was any answer, in words, and what mends it. */
export interface LineFailure {
  readonly says: string;
  readonly advice?: string;
}

/** What the keys are called in the block of that kind of destination. */
export interface LineKeys {
  readonly endpoint: string;
  readonly caCert: string;
}

type Describe = (keys: LineKeys) => LineFailure;

const CUT: Describe = () => ({ says: 'the connection was cut' });

const UNTRUSTED: Describe = ({ caCert, endpoint }) => ({
  says: 'its certificate was signed by a CA that is not trusted here',
  advice: `set "${caCert}" to the CA that signed the certificate of "${endpoint}"; a proxy that opens TLS has a CA of its own`,
});

const HANDSHAKE: Describe = ({ endpoint }) => ({ says: 'the TLS handshake failed', advice: `check the scheme and the port of "${endpoint}"` });

const FAILURES: Readonly<Record<string, Describe>> = {
  ECONNREFUSED: () => ({ says: 'nobody listens there' }),
  ECONNRESET: CUT,
  EPIPE: CUT,
  ERR_STREAM_PREMATURE_CLOSE: CUT,
  ETIMEDOUT: () => ({ says: 'the host does not answer' }),
  TimeoutError: () => ({ says: 'silent for too long' }),
  EHOSTUNREACH: () => ({ says: 'there is no way to the host' }),
  ENETUNREACH: () => ({ says: 'there is no way to the network' }),
  ENOTFOUND: ({ endpoint }) => ({ says: 'its name does not resolve', advice: `check "${endpoint}" and the name server` }),
  EAI_AGAIN: () => ({ says: 'the name server does not answer', advice: 'check the name server and the network of this host' }),
  CERT_HAS_EXPIRED: ({ endpoint }) => ({
    says: 'its certificate, or one that signed it, has expired',
    advice: `renew the certificate of "${endpoint}", or set the clock of this host`,
  }),
  CERT_NOT_YET_VALID: () => ({ says: 'its certificate is not valid yet', advice: 'set the clock of this host' }),
  CERT_REVOKED: () => ({ says: 'its certificate has been revoked', advice: 'give the server a new certificate' }),
  ERR_TLS_CERT_ALTNAME_INVALID: ({ endpoint }) => ({
    says: 'its certificate is for other names',
    advice: `write "${endpoint}" with a name that stands in the certificate`,
  }),
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  CERT_SIGNATURE_FAILURE: UNTRUSTED,
};

/** As much of an error as describes it. */
export interface LineError {
  readonly code: string;
  readonly text: string;
}

export function describeLine({ code, text }: LineError, keys: LineKeys): LineFailure {
  const describe = FAILURES[code] ?? (/^(EPROTO$|ERR_(SSL|TLS)_)/.test(code) ? HANDSHAKE : undefined);
  if (describe === undefined && code.startsWith('HPE_'))
    return { says: `what answers there does not speak HTTP (${code})`, advice: `check "${keys.endpoint}"` };
  const { says, ...advice } = describe?.(keys) ?? { says: 'no usable answer' };
  // OpenSSL's own reason stands nowhere but in the text: `…:error:0A00010B:SSL routines:function:reason:file:line:`.
  const reason = /:SSL routines:[^:]*:([^:]+):/.exec(text)?.[1];
  return { says: `${says} (${reason ?? code})`, ...advice };
}

/** Several addresses tried in vain are an AggregateError, whose first one tells enough. The code first: SDKs give errors of the line names of their own. */
export function toLineError(error: unknown): LineError {
  if (error instanceof AggregateError && error.errors.length > 0) return toLineError(error.errors[0]);
  if (!(error instanceof Error)) return { code: typeof error, text: '' };
  return { code: 'code' in error && typeof error.code === 'string' ? error.code : error.name, text: error.message };
}
