/** What calls the waker: a topic with messages, the door, or a schedule with nothing of interest. */
export interface WakerEvent {
  /** How many a film can use that the door has planned. */
  workers?: number;
  Records?: { Sns: { Message: string; Timestamp: string } }[];
}

/** SQS counts a message within a minute (API reference, GetQueueAttributes); older news is in its numbers already. */
const newsMs = 60_000;

/** How many jobs the event announces that the queue may not count yet. */
export function announcedJobs({ Records = [] }: WakerEvent, atMs: number): number {
  const news = Records.filter(({ Sns }) => atMs - Date.parse(Sns.Timestamp) < newsMs);
  return news.reduce((sum, { Sns }) => sum + jobsIn(Sns.Message), 0);
}

/** A message is a job, or S3's notice of one or more uploads, or its test message, which is none. */
function jobsIn(message: string): number {
  try {
    const content = JSON.parse(message) as { Event?: unknown; Records?: unknown } | null;
    if (content?.Event === 's3:TestEvent') return 0;
    return Array.isArray(content?.Records) ? content.Records.length : 1;
  } catch {
    // The queue got it as well: the worker reports what is wrong with it.
    return 1;
  }
}
