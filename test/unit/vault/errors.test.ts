import { describe, expect, it } from 'vitest';
import { statusOf, toNetworkError, toStatusError } from '../../../src/vault/errors.ts';

const SNAPSHOT = 'sys/storage/raft/snapshot';

function errors(...texts: string[]): string {
  return JSON.stringify({ errors: texts });
}

describe('an answer of Vault that is no success', () => {
  it.each([
    { status: 503, text: errors('Vault is sealed'), code: 'vault_sealed', says: 'Vault is sealed' },
    { status: 501, text: errors(), code: 'vault_uninitialized', says: 'status 501 without a reason' },
    { status: 403, text: errors('1 error occurred:\n\t* permission denied\n\n'), code: 'vault_denied', says: 'status 403, permission denied' },
    { status: 400, text: errors('missing client token'), code: 'vault_denied', says: 'missing client token' },
    { status: 404, text: errors(), code: 'vault_not_raft', says: 'status 404' },
    { status: 400, text: errors('raft storage is not in use'), code: 'vault_not_raft', says: 'raft storage is not in use' },
    { status: 429, text: errors('request path "x": rate limit quota exceeded'), code: 'vault_rate_limited', says: 'quota exceeded' },
    { status: 500, text: errors('raft error when taking snapshot: nothing new'), code: 'vault_error', says: 'nothing new' },
    { status: 500, text: errors('local node not active but active cluster node not found'), code: 'vault_no_leader', says: 'not found' },
    { status: 503, text: errors('no active Vault instance found'), code: 'vault_no_leader', says: 'no active' },
    { status: 473, text: '', code: 'vault_standby', says: '473' },
    { status: 502, text: '<html><body>Bad Gateway</body></html>', code: 'vault_bad_answer', says: 'an HTML page that Vault does not write' },
    { status: 503, text: '', code: 'vault_error', says: 'status 503 without a reason' },
    { status: 400, text: 'Client sent an HTTP request to an HTTPS server.\n', code: 'vault_bad_answer', says: 'status 400' },
    { status: 400, text: errors('operation unavailable in namespaces'), code: 'vault_error', says: 'namespaces' },
  ])('$status $text is $code', ({ status, text, code, says }) => {
    const error = toStatusError({ path: SNAPSHOT, status, text, location: undefined });
    expect(error.code).toBe(code);
    expect(error.message).toContain(says);
    expect(statusOf(error)).toBe(status);
  });

  it('names where a standby sends us, without what stands in the address', () => {
    const error = toStatusError({ path: SNAPSHOT, status: 307, text: '', location: 'https://user:pass@node2:8200/v1/x?token=abc' });
    expect(error.code).toBe('vault_standby');
    expect(error.message).toBe('vault: sys/storage/raft/snapshot: status 307, sends us to node2:8200');
  });

  it('says which scheme to write when a TLS listener is asked in clear', () => {
    const error = toStatusError({ path: 'sys/leader', status: 400, text: 'Client sent an HTTP request to an HTTPS server.', location: undefined });
    expect(error.advice).toBe('the listener speaks TLS: write "addr" with https://');
  });
});

describe('a failure below HTTP', () => {
  it.each([
    { reason: 'tlsv13 alert certificate required', says: 'refused the client certificate' },
    { reason: 'wrong version number', says: 'does not speak TLS' },
    { reason: 'tlsv1 alert protocol version', says: 'the TLS handshake failed (tlsv1 alert protocol version)' },
  ])('knows what OpenSSL means by $reason', ({ reason, says }) => {
    const cause = Object.assign(new Error(`write EPROTO 408D:error:0A00010B:SSL routines:some_function:${reason}:a.c:77:`), { code: 'EPROTO' });
    expect(toNetworkError(cause, 'https://vault:8200').message).toContain(says);
  });

  it.each([
    { code: 'ECONNREFUSED', is: 'vault_unreachable', says: 'ECONNREFUSED' },
    { code: 'ENOTFOUND', is: 'vault_unreachable', says: 'ENOTFOUND' },
    { code: 'CERT_HAS_EXPIRED', is: 'vault_tls', says: 'has expired' },
    { code: 'DEPTH_ZERO_SELF_SIGNED_CERT', is: 'vault_tls', says: 'self-signed' },
    { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', is: 'vault_tls', says: 'CA that is not known here' },
    { code: 'ERR_SSL_SOMETHING_NEW', is: 'vault_tls', says: 'ERR_SSL_SOMETHING_NEW' },
    { code: 'HPE_INVALID_CONSTANT', is: 'vault_bad_answer', says: 'does not speak HTTP' },
  ])('$code is $is', ({ code, is, says }) => {
    const error = toNetworkError(Object.assign(new Error('library words'), { code }), 'https://vault:8200');
    expect(error.code).toBe(is);
    expect(error.message).toContain(says);
    expect(error.message).toContain('https://vault:8200');
  });
});
