import { describe, expect, it } from 'vitest';
import { at, fetchFrom, freePort, openDesk, token } from './scene.ts';

const LOOPBACK = '127.0.0.1';

describe('with a token', () => {
  const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;

  it.each([
    ['nothing', undefined, 401],
    ['the token', 'Bearer s3cret', 200],
    ['the token, the scheme in small letters', 'bearer s3cret', 200],
    ['another one', 'Bearer s3creT', 401],
    ['its beginning', 'Bearer s3c', 401],
    ['more than it', 'Bearer s3cretx', 401],
    ['an empty one', 'Bearer ', 401],
    ['it without a scheme', 's3cret', 401],
    ['it as a password', basic('prometheus:s3cret'), 200],
    ['it as a password of nobody', basic(':s3cret'), 200],
    ['it as a user', basic('s3cret:'), 401],
    ['no base64', 'Basic *', 401],
  ])('answers who gives %s so', async (_, authorization, status) => {
    const { service, state } = await openDesk();
    const port = await freePort();
    await service.serve({ listen: at(port, { token: token('s3cret') }), stateDirectory: state });
    const heard = await fetchFrom({ host: LOOPBACK, port }, '/metrics', authorization === undefined ? {} : { authorization });
    expect(heard.status).toBe(status);
    expect(heard.headers['www-authenticate']).toBe(status === 401 ? 'Basic realm="vault-snapshotd", Bearer' : undefined);
    expect(heard.body.includes('vault_snapshotd_')).toBe(status === 200);
  });

  it('asks for it everywhere but at the probes', async () => {
    const { service, state } = await openDesk();
    const port = await freePort();
    await service.serve({ listen: at(port, { token: token('s3cret') }), stateDirectory: state });
    const codes = ['/', '/status', '/metrics', '/page.css', '/nothing', '/-/healthy', '/-/ready'].map(
      async (path) => (await fetchFrom({ host: LOOPBACK, port }, path)).status,
    );
    expect(await Promise.all(codes)).toEqual([401, 401, 401, 401, 401, 200, 200]);
  });

  it('takes the new one after a reload, and the old one no more', async () => {
    const { service, state } = await openDesk();
    const port = await freePort();
    await service.serve({ listen: at(port, { token: token('old') }), stateDirectory: state });
    await service.serve({ listen: at(port, { token: token('new') }), stateDirectory: state });
    const status = async (given: string) => (await fetchFrom({ host: LOOPBACK, port }, '/status', { authorization: `Bearer ${given}` })).status;
    expect([await status('old'), await status('new')]).toEqual([401, 200]);
  });
});
