import { describe, expect, it } from 'vitest';
import { confirmCluster, namesOf } from '../../../src/cli/confirm-cluster.ts';
import { FakeHost } from '../../fakes/fake-host.ts';

const NEVER = new AbortController().signal;
const FACTS = { clusterId: 'id-1', product: 'vault', version: '1.21.0', sealType: 'shamir', sealShares: 1, sealThreshold: 1, hasRecoverySeal: false } as const;

describe('the name of a cluster', () => {
  it.each([
    { what: 'its own', clusterName: 'vault-cluster-1', configured: { id: undefined, name: undefined }, names: ['vault-cluster-1'] },
    {
      what: 'its own and that of the configuration',
      clusterName: 'vault-cluster-1',
      configured: { id: 'id-1', name: 'prod' },
      names: ['vault-cluster-1', 'prod'],
    },
    { what: 'not that of another cluster', clusterName: 'vault-cluster-1', configured: { id: 'id-2', name: 'prod' }, names: ['vault-cluster-1'] },
    { what: 'not one that may be that of any', clusterName: 'vault-cluster-1', configured: { id: undefined, name: 'prod' }, names: ['vault-cluster-1'] },
    { what: 'its id where the listener tells no name', clusterName: '', configured: { id: undefined, name: undefined }, names: ['id-1'] },
    { what: 'the configured one where the listener tells none', clusterName: '', configured: { id: 'id-1', name: 'prod' }, names: ['prod'] },
  ])('is $what', ({ clusterName, configured, names }) => {
    expect(namesOf({ ...FACTS, clusterName }, configured)).toEqual(names);
  });

  it('is never nothing at all', async () => {
    const names = namesOf({ ...FACTS, clusterName: '' }, { id: undefined, name: undefined });
    await expect(confirmCluster('', names, new FakeHost({}), NEVER)).rejects.toMatchObject({ code: 'refused', advice: 'say --confirm id-1 if you mean it' });
    await confirmCluster('id-1', names, new FakeHost({}), NEVER);
  });
});
