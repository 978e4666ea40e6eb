import type { DrillSettings, drillScheduleTable, drillTable } from '../throwaway/drill-config.ts';
import type { Block, Findings } from './block.ts';
import type { ScheduleConfig } from './config.ts';
import { readSchedule } from './schedule.ts';

export function readDrill({ values, sources }: Block<typeof drillTable>, findings: Findings): DrillSettings {
  const { isolation, allow = [], role_id: roleId, secret_id: secretId, seal_file: sealFile, private_dirs: hidden = [] } = values;
  if (roleId === undefined && sources.has('secret_id')) findings.faults.push('drill.role_id: is missing: drill.secret_id belongs to one');
  if (isolation === 'external' && hidden.length > 0) {
    findings.faults.push('drill.private_dirs: needs a namespace: with "isolation": "external" you keep the server from the audit logs yourself');
  }
  if (isolation === 'namespace' && sealFile !== undefined) {
    findings.faults.push('drill.seal_file: needs its KMS, which a namespace cuts off: keep the server apart yourself, and say "isolation": "external"');
  }
  if (isolation === 'namespace' && allow.length > 0) {
    findings.faults.push('drill.allow: a namespace lets nothing through: keep the server apart yourself, and say "isolation": "external"');
  }
  const { mounts = [], auth = [], policies = [], paths = [] } = values;
  return {
    binary: values.binary,
    sealFile,
    isolation,
    probe: values.probe ?? [],
    allow,
    privateDirectories: hidden,
    login: roleId === undefined ? undefined : { mount: values.approle, roleId, secretId },
    contents: { mounts, auth, policies, paths },
    maxAgeMs: values.max_age,
    timeoutMs: values.timeout,
    pingUrl: values.ping_url,
  };
}

export function readDrillSchedule({ values }: Block<typeof drillScheduleTable>, timezone: string, findings: Findings): ScheduleConfig | undefined {
  return readSchedule({ values: { schedule: values.drill_schedule }, sources: new Map() }, 'drill_', timezone, findings);
}
