/** A message in this worker's hands until its visibility ends. */
export interface ReceivedMessage {
  id: string;
  body: string;
  receiptHandle: string;
  /** Times it was handed out, this one included. */
  receiveCount: number;
  sentAt: Date;
  /** Fair queues: whose message it is. */
  groupId?: string;
  /** String attributes by name. */
  attributes: Readonly<Record<string, string>>;
}

export interface NewMessage {
  body: string;
  attributes?: Readonly<Record<string, string>>;
  groupId?: string;
  /** 0 to 900. */
  delaySeconds?: number;
}
