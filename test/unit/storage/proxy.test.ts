import { expect, it } from 'vitest';
import { proxyFor } from '../../../src/storage/proxy.ts';

const S3 = new URL('https://bucket.s3.eu-west-1.amazonaws.com');

it.each([
  [{}, undefined],
  [{ HTTPS_PROXY: 'http://proxy:3128' }, 'http://proxy:3128/'],
  [{ https_proxy: 'http://lower:1', HTTPS_PROXY: 'http://upper:1' }, 'http://lower:1/'],
  [{ https_proxy: '', HTTPS_PROXY: 'http://upper:1' }, 'http://upper:1/'],
  [{ HTTP_PROXY: 'http://proxy:3128' }, undefined],
  [{ HTTPS_PROXY: 'proxy:3128' }, 'http://proxy:3128/'],
  [{ HTTPS_PROXY: 'https://proxy' }, 'https://proxy/'],
])('with %j goes to https by %s', (env, proxy) => {
  expect(proxyFor(S3, env)?.href).toBe(proxy);
});

it.each([
  [{ HTTP_PROXY: 'http://proxy:3128' }, 'http://proxy:3128/'],
  [{ http_proxy: 'http://lower:1' }, 'http://lower:1/'],
  [{ HTTPS_PROXY: 'http://proxy:3128' }, undefined],
])('with %j goes to http by %s', (env, proxy) => {
  expect(proxyFor(new URL('http://minio:9000'), env)?.href).toBe(proxy);
});

it.each([
  ['*', S3, true],
  ['amazonaws.com', S3, true],
  ['.amazonaws.com', S3, true],
  ['*.amazonaws.com', S3, true],
  ['AMAZONAWS.com', S3, true],
  ['other.example, .amazonaws.com', S3, true],
  ['other.example .amazonaws.com', S3, true],
  ['amazonaws.com:443', S3, true],
  ['amazonaws.com:9000', S3, false],
  ['aws.com', S3, false],
  ['s3.eu-west-1.amazonaws.com.evil.example', S3, false],
  ['', S3, false],
  [',', S3, false],
  ['127.0.0.1', new URL('https://127.0.0.1:9000'), true],
  ['127.0.0.1:9000', new URL('https://127.0.0.1:9000'), true],
  ['::1', new URL('https://[::1]:9000'), true],
  ['[::1]', new URL('https://[::1]:9000'), true],
  ['[::1]:9000', new URL('https://[::1]:9000'), true],
  ['[::1]:9001', new URL('https://[::1]:9000'), false],
])('with NO_PROXY %j leaves %s alone: %s', (NO_PROXY, url, isAlone) => {
  expect(proxyFor(url, { HTTPS_PROXY: 'http://proxy:3128', NO_PROXY }) === undefined).toBe(isAlone);
  expect(proxyFor(url, { HTTPS_PROXY: 'http://proxy:3128', no_proxy: NO_PROXY }) === undefined).toBe(isAlone);
});

it.each(['socks5://user:secret@proxy', 'http://', 'http://user:secret@[bad'])('refuses %s without showing it', (HTTPS_PROXY) => {
  expect(() => proxyFor(S3, { HTTPS_PROXY })).toThrow(
    expect.objectContaining({ code: 'config_invalid', message: 'HTTPS_PROXY: not the address of an HTTP proxy' }),
  );
});
