import type { AuthConfig } from '../../config/config.ts';
import { Secret } from '../../config/secret.ts';
import { AppRoleAuth } from './approle.ts';
import { GivenTokenAuth } from './given-token.ts';
import { KubernetesAuth, readTrimmed } from './kubernetes.ts';
import type { LoginDeps } from './login.ts';
import type { AuthMethod } from './method.ts';

export function chooseAuth(config: AuthConfig, deps: LoginDeps): AuthMethod {
  switch (config.method) {
    case 'approle':
      return new AppRoleAuth(config, deps);
    case 'kubernetes':
      return new KubernetesAuth(config, deps);
    case 'token_file':
      return new GivenTokenAuth({ ...deps, origin: `file ${config.path}`, read: async () => new Secret(await readTrimmed(config.path, 'token file')) });
    case 'token':
      return new GivenTokenAuth({ ...deps, origin: config.token.origin, read: () => config.token.read() });
    case 'none':
      return NO_AUTH;
  }
}

/** Something in between adds the token, as Vault Agent's listener does. */
const NO_AUTH: AuthMethod = {
  name: 'no token',
  isOwn: false,
  login: async () => ({ token: undefined, life: { lifeMs: 0, expiresAtMs: 0, isRenewable: false, usesLeft: undefined }, isRevocable: false }),
  hasChanged: async () => false,
};
