import type { Log } from '../observability/contract.ts';
import type { RoundReport } from './report.ts';

const NO_LEADER_KNOWN =
  'Unable to determine leader instance.  The snapshot agent will only run on the leader node.  Are you running this daemon on a Vault instance?';

/** The closing line of a round, in the ancestor's words where it had them. */
export function logReport(report: RoundReport, log: Log): void {
  switch (report.outcome) {
    case 'standby':
      log.info({ event: 'standby', reason: report.reason }, 'Not running on leader node, skipping.');
      break;
    case 'not_due':
      break;
    case 'failed': {
      const { error, stage } = report;
      const fields = { event: 'round_failed', stage, code: error.code, error: error.message, advice: error.advice };
      log.error(fields, stage === 'leadership' ? NO_LEADER_KNOWN : `Unable to generate snapshot ${error.message}`);
      break;
    }
    case 'taken':
    case 'partial': {
      const { snapshot, delivered, missed, pruned } = report;
      const counts = { delivered: delivered.length, missed: missed.length, pruned: pruned.length };
      log.info({ event: 'round_done', outcome: report.outcome, ...snapshot, ...counts }, 'round done');
    }
  }
}
