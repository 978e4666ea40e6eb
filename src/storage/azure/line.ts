/** What went wrong before Azure answered, in words. */
export interface LineFailure {
  readonly says: string;
  readonly advice?: string;
}

const CA_ADVICE = 'set "ca_cert" to the CA that signed the certificate of "endpoint"; a proxy that opens TLS has a CA of its own';

const UNTRUSTED: LineFailure = { says: 'its certificate was signed by a CA that is not trusted here', advice: CA_ADVICE };

const FAILURES: Readonly<Record<string, LineFailure>> = {
  ENOTFOUND: {
    says: 'its name does not resolve (ENOTFOUND)',
    advice: 'check "account_name", "endpoint" and the name server: an account that is not there has no name',
  },
  EAI_AGAIN: { says: 'the name server does not answer (EAI_AGAIN)', advice: 'check the name server and the network of this host' },
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
};

export function describeLine(code: string, text: string): LineFailure {
  const known = FAILURES[code];
  if (known !== undefined) return known;
  if (code.startsWith('HPE_')) return { says: `what answers there does not speak HTTP (${code})`, advice: 'check "endpoint"' };
  // OpenSSL's own reason stands nowhere but in the text: `…:error:0A00010B:SSL routines:function:reason:file:line:`.
  const reason = /:SSL routines:[^:]*:([^:]+):/.exec(text)?.[1];
  if (reason !== undefined) return { says: `the TLS handshake failed (${reason})`, advice: 'check the scheme and the port of "endpoint"' };
  // The SDK's own errors have no code: a body that ends too soon, for one.
  return { says: code === 'Error' ? text : code };
}
