/** Name of the reporter's metric in the farm's namespace: how old a report is whose delivery has just failed, in seconds. */
export const lateReportMetric = 'ReportAgeSeconds';

/**
 * A line from which CloudWatch Logs makes the metric, without dimensions as all of the farm's.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function lateReportLine(namespace: string, ageSeconds: number, at: Date): Record<string, unknown> {
  const metrics = [{ Name: lateReportMetric, Unit: 'Seconds' }];
  const CloudWatchMetrics = [{ Namespace: namespace, Dimensions: [[]], Metrics: metrics }];
  return { _aws: { Timestamp: at.getTime(), CloudWatchMetrics }, [lateReportMetric]: ageSeconds };
}
