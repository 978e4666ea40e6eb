import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { describeLine, toLineError } from '../../../src/storage/line.ts';

const KEYS = { endpoint: 's3_endpoint', caCert: 's3_ca_cert' };

it.each([
  ['ECONNREFUSED', 'nobody listens there (ECONNREFUSED)', undefined],
  ['ECONNRESET', 'the connection was cut (ECONNRESET)', undefined],
  ['TimeoutError', 'silent for too long (TimeoutError)', undefined],
  ['ENOTFOUND', 'its name does not resolve (ENOTFOUND)', 'check "s3_endpoint" and the name server'],
  ['CERT_NOT_YET_VALID', 'its certificate is not valid yet (CERT_NOT_YET_VALID)', 'set the clock of this host'],
  [
    'SELF_SIGNED_CERT_IN_CHAIN',
    'its certificate was signed by a CA that is not trusted here (SELF_SIGNED_CERT_IN_CHAIN)',
    'set "s3_ca_cert" to the CA that signed the certificate of "s3_endpoint"; a proxy that opens TLS has a CA of its own',
  ],
  [
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'its certificate is for other names (ERR_TLS_CERT_ALTNAME_INVALID)',
    'write "s3_endpoint" with a name that stands in the certificate',
  ],
  ['EPROTO', 'the TLS handshake failed (EPROTO)', 'check the scheme and the port of "s3_endpoint"'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'the TLS handshake failed (ERR_SSL_WRONG_VERSION_NUMBER)', 'check the scheme and the port of "s3_endpoint"'],
  ['HPE_INVALID_CONSTANT', 'what answers there does not speak HTTP (HPE_INVALID_CONSTANT)', 'check "s3_endpoint"'],
  ['ESOMETHING', 'no usable answer (ESOMETHING)', undefined],
])('says for %s: %s', (code, says, advice) => {
  expect(describeLine({ code, text: '' }, KEYS)).toEqual({ says, ...(advice !== undefined && { advice }) });
});

it("tells OpenSSL's own reason", () => {
  const text = 'write EPROTO 00D7:error:0A00010B:SSL routines:tls_get_more_records:wrong version number:../record.c:354:';
  expect(describeLine({ code: 'EPROTO', text }, KEYS).says).toBe('the TLS handshake failed (wrong version number)');
});

it('knows a connection that was cut from silence, whatever an SDK calls the error', () => {
  const renamed = Object.assign(new Error('read ECONNRESET'), { name: 'TimeoutError', code: 'ECONNRESET' });
  expect(toLineError(renamed).code).toBe('ECONNRESET');
  expect(toLineError(Object.assign(new Error('late'), { name: 'TimeoutError' })).code).toBe('TimeoutError');
});

it('tells of several addresses tried in vain what befell the first', async () => {
  const error = await new Promise<unknown>((failed) => connect({ host: 'localhost', port: 1, autoSelectFamily: true }).once('error', failed));
  expect(toLineError(error).code).toBe('ECONNREFUSED');
  expect(toLineError(new AggregateError([error])).code).toBe('ECONNREFUSED');
});

it('takes what is no error for what it is', () => {
  expect(toLineError('thrown text').code).toBe('string');
});
