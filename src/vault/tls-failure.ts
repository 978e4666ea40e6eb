const CA_ADVICE =
  'set "tls": {"ca_cert": "/path/of/ca.pem"} (or VAULT_CACERT) to the CA that signed the certificate of Vault; "tls": {"skip_verify": true} gives up the check';

/** What was wrong with a certificate, in words, and the key of the configuration that mends it. */
export interface TlsFailure {
  readonly says: string;
  readonly advice: string;
}

const NO_TLS_THERE: TlsFailure = { says: 'what answers there does not speak TLS', advice: 'the listener has tls_disable: write "addr" with http://' };

const CLIENT_REFUSED: TlsFailure = {
  says: 'Vault refused the client certificate, or there was none',
  advice: 'the listener of Vault asks for a client certificate: set "tls": {"client_cert": …, "client_key": …} to one its CA signed',
};

const TLS_FAILURES: Readonly<Record<string, TlsFailure>> = {
  CERT_HAS_EXPIRED: {
    says: 'the certificate of Vault, or one that signed it, has expired',
    advice: 'renew the certificate of the listener and reload Vault; "tls": {"skip_verify": true} gives up the check',
  },
  CERT_NOT_YET_VALID: { says: 'the certificate of Vault is not valid yet', advice: 'compare the clocks of this host and of the one that made the certificate' },
  DEPTH_ZERO_SELF_SIGNED_CERT: { says: 'the certificate of Vault is self-signed and not trusted here', advice: CA_ADVICE },
  SELF_SIGNED_CERT_IN_CHAIN: { says: 'the certificate of Vault was signed by a CA that is not trusted here', advice: CA_ADVICE },
  UNABLE_TO_GET_ISSUER_CERT: { says: 'the certificate of Vault was signed by a CA that is not known here', advice: CA_ADVICE },
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: { says: 'the certificate of Vault was signed by a CA that is not known here', advice: CA_ADVICE },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: { says: 'the certificate of Vault was signed by a CA that is not known here', advice: CA_ADVICE },
  CERT_SIGNATURE_FAILURE: { says: 'the certificate of Vault was not signed by the CA it names', advice: CA_ADVICE },
  INVALID_CA: { says: 'the certificate of Vault was signed by one that is no CA', advice: CA_ADVICE },
  CERT_REVOKED: { says: 'the certificate of Vault has been revoked', advice: 'give the listener a new certificate' },
};

/** Undefined: the failure is none of TLS. */
export function describeTlsFailure(error: unknown, code: string): TlsFailure | undefined {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return describeWrongHost(error);
  const known = TLS_FAILURES[code];
  if (known !== undefined) return known;
  if (!code.startsWith('ERR_SSL_') && !code.startsWith('ERR_TLS_') && code !== 'EPROTO') return undefined;
  const reason = opensslReason(error) ?? code;
  if (reason === 'wrong version number' || reason === 'packet length too long') return NO_TLS_THERE;
  if (/alert (bad certificate|certificate|unknown ca|handshake failure)/.test(reason)) return CLIENT_REFUSED;
  return { says: `the TLS handshake failed (${reason})`, advice: 'look at the log of Vault and at the "tls" block here' };
}

/** An EPROTO has OpenSSL's own reason nowhere but in its text: `…:error:0A00010B:SSL routines:function:reason:file:line:`. */
function opensslReason(error: unknown): string | undefined {
  return /:SSL routines:[^:]*:([^:]+):/.exec(error instanceof Error ? error.message : '')?.[1]?.toLowerCase();
}

function describeWrongHost(error: unknown): TlsFailure {
  const asked = readText(error, 'host') ?? 'the host of "addr"';
  const cert = typeof error === 'object' && error !== null && 'cert' in error ? error.cert : undefined;
  const names = readText(cert, 'subjectaltname') ?? 'no name at all';
  return {
    says: `the certificate of Vault is not for ${asked}; it is for ${names}`,
    advice: 'write "addr" with one of those names, or set "tls": {"server_name": …} to one of them',
  };
}

function readText(from: unknown, field: string): string | undefined {
  if (typeof from !== 'object' || from === null) return undefined;
  const value: unknown = Reflect.get(from, field);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
