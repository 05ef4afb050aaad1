import type { Logger } from '../log.ts';
import type { Settings } from '../settings/settings.ts';
import type { Store } from '../storage/store.ts';
import { createMetrics } from './metrics.ts';
import { ReportQueue } from './report-queue.ts';
import type { Sink } from './sink.ts';
import { createStatusFiles } from './status-file.ts';

/**
 * The places where jobs are reported, as far as the settings name them.
 * @param sendReport to the reports queue; undefined: the farm has none
 */
export function openSinks(
  settings: Settings,
  output: Store,
  sendReport: ((body: string) => Promise<void>) | undefined,
  log: Logger,
): Sink[] {
  const { reportsProgress, metricsNamespace, publishMetadata } = settings.report;
  const sinks: Sink[] = [createStatusFiles(output, settings.output.prefix, log, { publishMetadata })];
  if (sendReport !== undefined) {
    sinks.push(new ReportQueue({ send: sendReport, progress: reportsProgress, log }));
  }
  if (metricsNamespace !== undefined) {
    sinks.push(createMetrics(metricsNamespace, (line) => process.stdout.write(line)));
  }
  return sinks;
}
