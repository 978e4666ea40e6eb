const SUFFIXES: Readonly<Record<string, string | undefined>> = {
  AZUREUSGOVERNMENTCLOUD: 'core.usgovcloudapi.net',
  AZURECHINACLOUD: 'core.chinacloudapi.cn',
  AZUREGERMANCLOUD: 'core.cloudapi.de',
};

/** Of a cloud as Consul and Vault name it; undefined for the public one. */
export function suffixOfCloud(name: string | undefined): string | undefined {
  return SUFFIXES[name?.toUpperCase() ?? ''];
}
