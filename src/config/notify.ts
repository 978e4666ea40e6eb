import type { NotifySettings, notifyTable } from '../observability/notify/config.ts';
import type { Block } from './block.ts';

export function readNotify({ values }: Block<typeof notifyTable>): NotifySettings {
  const { healthchecks, ping_start: start, ping_success: success, ping_failure: failure, webhooks, ca_cert: caCertFile } = values;
  return { healthchecks, pings: { start, success, failure }, webhooks: webhooks ?? [], caCertFile };
}
